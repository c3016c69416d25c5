"""How each kind of run is carried out: one module for each, with one function, `carry_out`."""
