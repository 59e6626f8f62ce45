"""Certificates for the tests, made with openssl."""

import subprocess


class Authority:
    """Signs certificates. All its files lie in `folder`."""

    def __init__(self, folder, name):
        self._folder = folder
        self.certificate = folder / f"{name}.pem"
        self._key = folder / f"{name}.key"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                      "-subj", f"/CN={name}", "-keyout", self._key, "-out", self.certificate)

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)

    def sign(self, name, names):
        """The paths of a certificate and its key."""
        request, key, certificate, extensions = (self._folder / f"{name}.{kind}" for kind in ("csr", "key", "pem", "ext"))
        extensions.write_text(f"subjectAltName={names}\n", encoding="utf-8")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                      "-keyout", key, "-out", request)
        self._openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial",
                      "-days", "1", "-extfile", extensions, "-out", certificate)
        return certificate, key
