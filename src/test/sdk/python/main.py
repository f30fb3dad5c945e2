"""All scenarios with the version of the SDK that is installed: python main.py

THREADMILL_URL is the address of the server, THREADMILL_API_KEY the key.
"""

import os
import sys
import unittest
import warnings

from stage import VERSION

if __name__ == "__main__":
    warnings.simplefilter("ignore")  # the SDK calls this API deprecated
    print(f"openai {VERSION}", file=sys.stderr)
    suite = unittest.defaultTestLoader.discover(os.path.dirname(os.path.abspath(__file__)))
    result = unittest.TextTestRunner(verbosity=2, warnings="ignore").run(suite)
    sys.exit(not result.wasSuccessful())
