"""Signed models: the signature is of what the board hashes, the same every time, and only a P-256 key makes one."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from motestudio.errors import FlashError
from motestudio.firmware.generator import generate
from motestudio.firmware.signing import load_key, new_key
from motestudio.firmware.slot_image import SlotImage

pytest.importorskip("cryptography", reason="signing needs the package cryptography")

IMAGE = SlotImage("m", b"model" * 20, 4096, b"c" * 16, b"f" * 16)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    new_key(tmp_path / "keys" / "key.pem")
    return tmp_path / "keys" / "key.pem"


def verifies(public: bytes, image: SlotImage) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, utils

    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    r, s = (int.from_bytes(image.signature[i : i + 32], "big") for i in (0, 32))
    try:
        # The first 128 bytes of the header, as the board reads them from its flash.
        point.verify(utils.encode_dss_signature(r, s), image.header[:128], ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def test_signature_is_of_the_header_and_the_same_every_time(path: Path):
    key = load_key(path)
    signed = key.sign(IMAGE)
    assert len(signed.signature) == 64
    assert verifies(key.public, signed)
    assert load_key(path).sign(IMAGE) == signed
    assert not verifies(key.public, replace(signed, sequence=2))
    assert not verifies(key.public, replace(signed, model=b"other"))
    assert verifies(key.public, key.sign(replace(signed, sequence=2)))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_key_is_its_owners_and_is_not_overwritten(path: Path):
    assert path.stat().st_mode & 0o077 == 0
    before = path.read_bytes()
    with pytest.raises(FlashError) as caught:
        new_key(path)
    assert caught.value.code == "sign.exists"
    assert path.read_bytes() == before


@pytest.mark.parametrize("text", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_what_is_no_key_is_refused(tmp_path: Path, text: bytes):
    (tmp_path / "bad.pem").write_bytes(text)
    for path in (tmp_path / "bad.pem", tmp_path / "absent.pem", tmp_path):
        with pytest.raises(FlashError) as caught:
            load_key(path)
        assert caught.value.code == "sign.key"
        assert caught.value.hint


def test_key_of_another_curve_is_refused(tmp_path: Path):
    from cryptography.hazmat.primitives import serialization as pem
    from cryptography.hazmat.primitives.asymmetric import ec

    other = ec.generate_private_key(ec.SECP384R1())
    text = other.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption())
    (tmp_path / "p384.pem").write_bytes(text)
    with pytest.raises(FlashError, match="P-256"):
        load_key(tmp_path / "p384.pem")


def test_project_with_a_key_has_its_public_half_and_a_signed_model(tmp_path: Path, path: Path, request_for_firmware):
    key = load_key(path)
    request = replace(request_for_firmware, key=key)
    project = generate(tmp_path / "out", request)
    header = (project.folder / "model" / "public_key.h").read_text()
    assert ", ".join(str(b) for b in key.public[:8]) in header
    assert verifies(key.public, request.slot_image)
    assert [f.path for f in generate(tmp_path / "out", request).changed] == []
    without = generate(tmp_path / "out", request_for_firmware)
    assert "model/public_key.h" in {f.path for f in without.changed if f.state == "removed"}
