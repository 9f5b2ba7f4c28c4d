"""Models in processes of their own: started, talked to, stopped."""
