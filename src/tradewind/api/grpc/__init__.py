"""gRPC: methods as data, one table from refusals to status codes, a server that asks the same verifier and dispatcher
as HTTP does. Imported only where a port for it is named: the embedded default never loads grpcio.

grpcio has no switch for the version of TLS, and reads its environment once, when it is loaded: so it is told here. The
cipher suites that it takes are those of TLS 1.2 alone, and the one that is named asks for an RSA key: with certificates
of elliptic curves, which are the only ones taken (tls.py), TLS 1.2 finds no suite in common; 1.3 has its own.
"""

import os
from typing import Final

NO_TLS_1_2: Final = "ECDHE-RSA-AES256-GCM-SHA384"
os.environ["GRPC_SSL_CIPHER_SUITES"] = NO_TLS_1_2
