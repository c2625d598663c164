"""The mechanisms, one a file, named `<part>_<mechanism>.py`.

A file defines the part's function and whatever only it needs; what several share is in
`helpers.py`. Only what the function uses goes into a harness. Around it the file states what a
proposal has to know: its docstring says what the mechanism does, why that should help, and after
`Risk:` what speaks against it; `ANSWERS` names the symptoms of `evidence.py` it is meant for;
`NEEDS` what it does nothing without: `checks` that state something, several `draws` of a verdict,
or a mark for each of several `criteria`;
`ASKS` how often the judge is asked, where that is not once.
"""
