"""The report: all that is known of a run as one page of HTML, which needs nothing but itself."""

from autoopt.reports.page.document import check_plotly, document
from autoopt.reports.page.findings import Findings

__all__ = ["Findings", "check_plotly", "document"]
