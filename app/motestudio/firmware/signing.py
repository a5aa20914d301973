"""Keys that models are signed with: ECDSA on P-256, checked on the board by the platform's own cryptography.

The same model and key give the same signature (RFC 6979), so that a project that did not change is generated unchanged.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from motestudio.errors import FlashError, MissingError
from motestudio.firmware.slot_image import SIGNATURE_BYTES, SlotImage

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

_MAX_FILE = 64 * 1024


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key; its public half is compiled into the firmware.

    Attributes:
        public: the uncompressed point, 65 bytes.
        private: as `cryptography` has it.
    """

    public: bytes
    private: EllipticCurvePrivateKey

    def sign(self, image: SlotImage) -> SlotImage:
        """The image with its signature."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, utils

        # The header says that it has a signature, and that is signed too.
        marked = replace(image, signature=b"\0" * SIGNATURE_BYTES)
        scheme = ec.ECDSA(utils.Prehashed(hashes.SHA256()), deterministic_signing=True)
        r, s = utils.decode_dss_signature(self.private.sign(marked.signed_digest, scheme))
        return replace(image, signature=r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def new_key(path: Path) -> SigningKey:
    """Make a key and write it, readable by its owner only.

    Raises:
        FlashError: ``sign.exists``: something is there; ``sign.write``.
        MissingError: ``sign.missing``.
    """
    _need()
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
    except FileExistsError as error:
        text = f"{path} is there already."
        raise FlashError("sign.exists", text, "Boards may know it: name another file.") from error
    except OSError as error:
        text = f"The key cannot be written: {error.strerror or error}."
        raise FlashError("sign.write", text, "Name another folder.") from error
    return _of(private)


def load_key(path: Path) -> SigningKey:
    """Read a key that `new_key` or ``openssl ecparam -name prime256v1 -genkey`` wrote.

    Raises:
        FlashError: ``sign.key``: it cannot be read, or is another kind of key.
        MissingError: ``sign.missing``.
    """
    _need()
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        with path.open("rb") as file:
            private = serialization.load_pem_private_key(file.read(_MAX_FILE), None)
    except OSError as error:
        text = f"The key {path} cannot be read: {error.strerror or error}."
        raise FlashError("sign.key", text, "Name the key's file in project.toml, under [board] key.") from error
    except Exception as error:
        text = f"{path.name} holds no private key without a password."
        raise FlashError("sign.key", text, "Make one with: mote firmware key FILE.") from error
    if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
        text = f"{path.name} holds a key of another kind; boards check ECDSA on P-256."
        raise FlashError("sign.key", text, "Make one with: mote firmware key FILE.")
    return _of(private)


def _of(private: EllipticCurvePrivateKey) -> SigningKey:
    from cryptography.hazmat.primitives import serialization

    point = private.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return SigningKey(point, private)


def _need() -> None:
    try:
        import cryptography  # noqa: F401
    except ImportError as error:
        text = "Signing needs the package cryptography, which is not installed."
        raise MissingError("sign.missing", text, "Install it with: python -m pip install cryptography") from error
