"""Files that ship with the package: `sample.jsonl`, a synthetic chat log in the shape of LMSYS-Chat-1M."""
