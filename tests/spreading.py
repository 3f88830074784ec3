"""How the files of tests are spread over the workers of a run: from both ends of the list."""

from xdist.scheduler import LoadFileScheduling


class FromBothEnds(LoadFileScheduling):
    """Gives the first worker the files of tests in their order, and the others those from the end of the list.

    Files side by side ask for the same worlds and tables, which one process makes once. The notebooks, at the end of
    the list, begin early, so that no worker is left alone with what takes long.
    """

    def __init__(self, config, log=None):
        config.option.loadscopereorder = False  # xdist would begin with the files of most tests
        super().__init__(config, log)

    def _assign_work_unit(self, node):
        if node is not self.nodes[0]:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)
