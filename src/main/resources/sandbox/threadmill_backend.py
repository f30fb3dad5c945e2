"""The matplotlib backend of the sandbox: draws with Agg, and shows figures by saving them."""

import builtins

from matplotlib.backends.backend_agg import (  # noqa: F401
    FigureCanvasAgg as FigureCanvas,
    new_figure_manager,
    new_figure_manager_given_figure,
)
from matplotlib.backend_bases import FigureManagerBase as FigureManager  # noqa: F401


def show(*_, **__):
    builtins._threadmill_show_figures()
