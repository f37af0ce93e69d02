"""A log that TensorBoard reads. Writing it needs no TensorBoard."""

from pathlib import Path

import tensorflow as tf


class EventLog:
    """Curves over epochs."""

    def __init__(self, folder: Path) -> None:
        """Begin a file in a folder; TensorBoard joins the files of one folder."""
        self._writer = tf.summary.create_file_writer(str(folder))
        self._metadata = tf.compat.v1.SummaryMetadata(
            plugin_data=tf.compat.v1.SummaryMetadata.PluginData(plugin_name="scalars")
        )

    def scalars(self, values: dict[str, float], *, step: int) -> None:
        """Add one point to each named curve."""
        with self._writer.as_default():
            for name, value in values.items():
                tf.summary.write(name, tf.constant(value, tf.float32), step=step, metadata=self._metadata)
        self._writer.flush()
