"""The query path, stage by stage: request, first stage, fusion, reranking, and the context made of the hits."""
