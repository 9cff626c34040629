"""Fine-tuning a reranker or an encoder on pairs of queries and texts."""

from passagework.retrieval.training.encoder_training import ENCODER_OPTIONS, train_encoder
from passagework.retrieval.training.folders import check_output_folder, training_lock, working_folder
from passagework.retrieval.training.mining import Mined, mine
from passagework.retrieval.training.pairs import Pair, digest_pairs, read_pairs, write_pairs
from passagework.retrieval.training.reranker_training import train_reranker
from passagework.retrieval.training.training_options import Loss, TrainingOptions
from passagework.retrieval.training.training_run import TrainingProgress, TrainingRun, Watch

__all__ = [
    "ENCODER_OPTIONS",
    "Loss",
    "Mined",
    "Pair",
    "TrainingOptions",
    "TrainingProgress",
    "TrainingRun",
    "Watch",
    "check_output_folder",
    "digest_pairs",
    "mine",
    "read_pairs",
    "train_encoder",
    "train_reranker",
    "training_lock",
    "working_folder",
    "write_pairs",
]
