"""Figure to files: DOT, layout and its repair, SVG, PDF, TikZ and Mermaid."""
