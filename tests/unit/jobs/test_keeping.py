from __future__ import annotations

import threading

import pytest

from framework.errors import SupersededError
from framework.jobs.keeping import ReceiptKeeper
from framework.jobs.ledger import Ledger, read_receipts
from tests.unit.jobs.conftest import outcome
