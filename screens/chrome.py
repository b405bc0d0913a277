"""What a key may do that is not an action: it changes what is in sight, never what is stored or where the user is.

`CHROME` names each with its reason. Every key of every screen is in the table of actions or here; a test sees to it.
"""

from __future__ import annotations

CHROME: dict[str, str] = {
    # The cursor and the focus.
    "cursor_down": "moves the cursor",
    "cursor_up": "moves the cursor",
    "cursor_top": "moves the cursor",
    "cursor_bottom": "moves the cursor",
    "page_down": "scrolls the list",
    "page_up": "scrolls the list",
    "half_down": "scrolls the list",
    "half_up": "scrolls the list",
    "expand": "shows the children of a node in place",
    "collapse": "hides the children of a node, or goes to its parent's line",
    "fold": "shows or hides the children of a node",
    "sibling": "moves the cursor to the next or previous sibling",
    "next_pane": "moves the focus",
    "previous_pane": "moves the focus",
    "pane": "moves the focus",
    "to_results": "moves the focus from the search line to its results",
    "next_field": "moves the focus in a form",
    "previous_field": "moves the focus in a form",
    "mark_row": "marks a row for the next edit, or takes the mark off; nothing is stored",
    "pick": "moves among what a form offers",
    "zoom": "shows one pane alone, or all of them",
    "neighbour": "reads the next or previous conversation of the list, by query.open",
    # Doors to the table of actions: what they run stands in the table.
    "prompt": "opens the line in which any action is typed",
    "command_palette": "opens the list of all actions",
    "all_steps": "runs the actions that are still missing one after the other: data.load, embed.run, run.kmeans,"
    " summary.create, hierarchy.build",
    "set_mode": "runs search.queries again in the other mode",
    "toggle_within": "runs search.queries again in the current node, or everywhere",
    "search_now": "runs search.queries with the text that was typed",
    "back": "leaves a line, takes the marks off, stops the running job, or opens the parent by node.open",
    "stop_job": "stops the running job; what it finished is kept",
    "show_edit": "shows what the edit under the cursor changed, by edit.show",
    # The program itself.
    "help": "shows the keys and actions",
    "theme": "changes the colours",
    "copy": "copies what the cursor is on to the terminal's clipboard; nothing is stored",
    "quit": "leaves the program",
    "refresh_view": "reads everything again",
    # Dialogs.
    "leave": "closes a dialog without doing anything",
    "accept": "says yes to what the dialog asks; the action behind it is in the table",
    "run_form": "runs the action of the form",
    "choose": "gives a field another of its values",
    "complete": "completes the word in the action line",
    "history": "brings an earlier line back",
    # Textual's own, for the line that is being typed.
    "cursor_left": "edits a line",
    "cursor_right": "edits a line",
    "cursor_left_word": "edits a line",
    "cursor_right_word": "edits a line",
    "delete_left": "edits a line",
    "delete_right": "edits a line",
    "delete_left_word": "edits a line",
    "delete_right_word": "edits a line",
    "delete_left_all": "edits a line",
    "delete_right_all": "edits a line",
    "home": "edits a line",
    "end": "edits a line",
    "select_all": "edits a line",
    "submit": "ends a line",
    "cut": "edits a line",
    "paste": "edits a line",
    "copy_text": "copies the text that was selected with the mouse",
    # Textual's own, on every screen.
    "focus_next": "moves the focus",
    "focus_previous": "moves the focus",
    "help_quit": "says how to leave",
    "scroll_up": "scrolls the list",
    "scroll_down": "scrolls the list",
    "scroll_left": "scrolls the list",
    "scroll_right": "scrolls the list",
    "scroll_home": "scrolls the list",
    "scroll_end": "scrolls the list",
    "page_left": "scrolls the list",
    "page_right": "scrolls the list",
}
"""Names of bound methods, each with the reason why it is no action."""


def chrome_name(bound: str) -> str:
    """`cursor_down` of `screen.cursor_down(True)`."""
    return bound.split("(", 1)[0].rsplit(".", 1)[-1]
