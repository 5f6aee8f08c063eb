"""The commands of ``veiviser`` by what they are about; ``cli`` puts them together."""
