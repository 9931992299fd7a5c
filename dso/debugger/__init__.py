"""What happened and why: sequence diagrams, conformance to a drawn exchange, explanations, stepping."""
