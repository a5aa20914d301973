/* Who made a model: ECDSA P-256 by PSA, with the public key in model/public_key.h where the project has one. */
#include "mote_config.h"

#ifdef MOTE_SIGNED

#include "psa/crypto.h"
#include "public_key.h"

bool mote_verify_signature(const uint8_t digest[32], const uint8_t signature[MOTE_SLOT_SIGNATURE]) {
  psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
  psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1));
  psa_set_key_bits(&attributes, 256);
  psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_VERIFY_HASH);
  psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(PSA_ALG_SHA_256));
  psa_key_id_t key;
  if (psa_crypto_init() != PSA_SUCCESS ||
      psa_import_key(&attributes, mote_public_key, sizeof mote_public_key, &key) != PSA_SUCCESS) {
    return false;
  }
  const psa_status_t status =
      psa_verify_hash(key, PSA_ALG_ECDSA(PSA_ALG_SHA_256), digest, 32, signature, MOTE_SLOT_SIGNATURE);
  psa_destroy_key(key);
  return status == PSA_SUCCESS;
}

#endif
