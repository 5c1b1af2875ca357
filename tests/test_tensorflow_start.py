"""Tests of starting TensorFlow."""

from __future__ import annotations

import subprocess
import sys


def test_tensorflow_starts_without_a_page_of_notes() -> None:
    code = (
        "import os, sys\n"
        "os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'\n"
        "from musicvae.tensorflow_start import start_tensorflow\n"
        "start_tensorflow()\n"
        "import tensorflow as tf\n"
        "print('standard error works', file=sys.stderr)\n"
        "print(int(tf.constant(1) + 1))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "2\n"
    assert done.stderr == "standard error works\n"


def test_keras_and_what_it_imports_stay_out_and_can_be_imported_later() -> None:
    code = (
        "import sys\n"
        "from musicvae.tensorflow_start import start_tensorflow\n"
        "start_tensorflow()\n"
        "assert not {'keras', 'pandas', 'sklearn', 'matplotlib', 'IPython'} & set(sys.modules)\n"
        "import pandas\n"
        "print(len(pandas.DataFrame({'a': [1, 2]})))\n"
        "import tensorflow as tf, tf_slim\n"
        "tf_slim.model_analyzer.analyze_vars([tf.Variable(1.0)])\n"
        "tf.keras.layers.Dense(1)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "2\n"
