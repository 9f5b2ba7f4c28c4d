"""Between authors and a registry: publishing weights and plugins, proposing entries, and checking what is proposed."""
