"""What the data must look like: columns, codes, rules, messages, layouts and reference tables. No I/O of its own
beyond the files packaged here."""
