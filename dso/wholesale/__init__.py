"""The market above the DSO: a price series, a supply curve, the ERCOT system as optimal power flow."""
