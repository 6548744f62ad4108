"""Certificates for tests: an authority, and what it signs."""
import datetime
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


def new_key(kind="ec"):
    if kind == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem_of_key(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


class Certificate:
    """One certificate with its key; without an issuer it is an authority."""

    def __init__(self, name, issuer=None, starts=-DAY, ends=DAY, kind="ec"):
        self.key = new_key(kind)
        now = datetime.datetime.utcnow()
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = (x509.CertificateBuilder()
                   .subject_name(subject)
                   .issuer_name(issuer.certificate.subject if issuer else subject)
                   .public_key(self.key.public_key())
                   .serial_number(x509.random_serial_number())
                   .not_valid_before(now + starts).not_valid_after(now + ends)
                   .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), True)
                   .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False))
        signer = issuer.key if issuer else self.key
        self.certificate = builder.sign(signer, hashes.SHA256())

    @property
    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self):
        return pem_of_key(self.key)

    @property
    def serial(self):
        return self.certificate.serial_number


def client_context(authority, version=None):
    """What a client trusts; version: the only one it speaks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=authority.pem.decode())
    if version:
        context.minimum_version = context.maximum_version = version
    return context


def serial_of(client):
    """The serial number of the certificate that the server showed."""
    der = client.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    return x509.load_der_x509_certificate(der).serial_number
