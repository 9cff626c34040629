"""passagework in frameworks for language models: a module for each, which needs the extra of its name.

    from passagework.integrations.langchain import PassageworkRetriever

Importing one module imports neither the others nor their frameworks. docs/integrations.md shows each.
"""
