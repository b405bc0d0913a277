"""The keys by which a person walks the tree, apart from the cursor: letters, levels, back and forward, tabs of the detail."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widgets import Input

from screens.explorer.pane_screen import PaneScreen

if TYPE_CHECKING:
    from screens.explorer.detail import DetailControl
    from screens.explorer.jump import JumpControl
    from screens.explorer.opening import Opening
    from screens.explorer.tree import TreeControl


class Walking(PaneScreen):
    """Four panes, and the keys that walk the tree in them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left_square_bracket", "trail(-1)", "Back", show=False),
        Binding("right_square_bracket", "trail(1)", "Forward", show=False),
        Binding("comma", "tab(-1)", "Previous tab", show=False),
        Binding("full_stop", "tab(1)", "Next tab", show=False),
    ]

    jump_control: JumpControl
    tree_control: TreeControl
    detail_control: DetailControl
    opening: Opening

    @on(Input.Changed, "#jump-input")
    def _letters(self, event: Input.Changed) -> None:
        self.jump_control.typed(event.value)

    def action_jump(self) -> None:
        """Jump in the tree by typing."""
        self.background("jump line", self.jump_control.begin, keys_wait=True)

    def action_jump_next(self, by: int) -> None:
        """The next title with the letters."""
        self.jump_control.following(by)

    def action_jump_end(self, stay: bool) -> None:
        """Close the line of the letters."""
        self.background("jump line", self.jump_control.end, stay, keys_wait=True)

    def action_tree_level(self, by: int) -> None:
        """Show a level more of the tree, or one less."""
        self.background("tree", self.tree_control.level, by, keys_wait=True)

    def action_trail(self, by: int) -> None:
        """Back or forward through where one has been."""
        self.opening.trail(by)

    def action_tab(self, by: int) -> None:
        """Another tab of the detail."""
        self.detail_control.turn(by)
