"""Who owns which device: nameplates, habits and preferences, drawn by seed from documented shares."""
