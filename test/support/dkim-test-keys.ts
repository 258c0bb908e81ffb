/** DKIM keys for tests: making an RSA key anew takes up to half a second. Used nowhere else, known to everybody. */
import { importPrivateKey } from '../../src/protocol/dkim/private-keys.ts';
import type { SigningAlgorithm } from '../../src/protocol/dkim/types.ts';

export const rsaTestKeyPem = `-----BEGIN PRIVATE KEY-----
MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQCpw475q8QLWqFI
qdO+yTVXHptKjtNRGpM+XNrcau80mUj+4VkHRAailsLvdA2Xnx8kUN4L1c7etCCU
g4UiNrDWfsaNX7nOzozF748aN4V0cyY4e166RN1WOt2gn8bB7QXrok1c1hQ2vNoz
6TzrmYCn8MeeEGwFT0fUT2oYisJqwPYNFhEvqzoJGVPZVKC+QXq0DSIxnGXhCtZC
yD35qwaKUO7t2u2rY3ZoIKqydMYL4A3CijFgevCKJvYdoggQNbyFFzEhKXUHBHJu
sQios05i23K2qMEFChH6PYLUMJ5wZIWyFSnKCi0MplrPU4BYoraOWzYWnt/XyuG7
icpNvwPPAgMBAAECggEASEIDvkOdK1QFKD+Y8DEGcjGF2cNXMMNF/xpY0c72SAYi
qtJSKaSLynKvQGq+SlYhVDzTdmgoKGS1JWGhrkFnHbVSX+Rp2xvRkYJ4/6i4Niu5
Dft9A33CVCy0HuVDHVH83iH0GdrJOc9CdSwGkSWCPHlhDedhgxUOttCikRWm0Pbl
D1ivT9mOdzNn0t+66lxb5AjHCQeKNhxXUl5S8Axt/Dzfc2kqsIPgaSujC2Kz8r5x
lfRIg6t9B715RbrMusgtPZrOM2kuT72L/LOF07PvunFYDPa8DhKoNarTSPQAayRZ
oeO0xH6XvxwcqliChQ9DlvrIm0oBw1V6d952Lv52KQKBgQDghDUPGDqQYROywsVa
KP6abZ7DdErQOBa0DFE1AMt/Y5JcwD0prs9lFXYWjFe8OT0lky8APleNNayUvtCp
nse/JjTRhRsW6TgeQKaWNrQ+HjB/fOaebSRW4gBduRyUkJhoHsR+v6S57T/Y+ESE
jCbhW0WqmJR/3/DUfNVUAKPcuwKBgQDBkdHnz+eKzfif9O3XGxv2Tl9dVlEfoAc8
m/gHKSt12vEDHHCfJI7+SfA0ZvZcvplJQi4U0mf0Q7mTLsiJQkcWSfgGQffw4Usw
UmyMF/zic6n2rsCOdKG73NMqjyGlIkxHOD71ijRw281LcTLJDWo3NehG9wmHs9+d
b19lwnMt/QKBgQCuZaO9bOmY2v9tHSQla7CRjlMDqiKu6NKh2ut9i3eHJXY8e8tG
xJYvA+OtkihYefHIbTLWMpbZhnbfN/VnvIGWNnxSv90SB+jifv+nsSiDE/pCHWga
adcPchAsvSy5LjRktHmXpw+yqNquk/LNLvzIkphj8o9vYSl2NN2UmcavHwKBgGgz
JgqiqWLYE8GPqMTFrBy//agSAiODEsI2t6KrL+EGlfz1v0578JnElZCv6GjulTeR
b5r31Mvx9SDc60iwK/I8qU49DspVjRMbG6GifBgu6UyIr9E/yZyGeAoN+K+bMfKY
vZOR7T7fo7i72/nMxeOomjwxWaj6VCK8xF7T+QrFAoGBAJOebCGiRidvmbtNcgmO
wAThzPCX9wZC3JkYc3y+j4x23vjHapiTsA6DYUwZrwRDuWHI+72WxZRHTo1eIT4S
zkUF7wTMpVT12M1LSZwICONk9iPOzivduU2rmnZokJzxlN4tURAUeZii5cYDqD2T
urr0hvwfkX+ROvucBkTplw4W
-----END PRIVATE KEY-----
`;

export const ed25519TestKeyPem = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIFgfDfBN1S3fn+OUWo4ZmZ49HB9jXzl6yTXyZNE8usIY
-----END PRIVATE KEY-----
`;

/** In place of `generateDkimKey`: the same key for every domain. */
export async function makeTestDkimKey(
  algorithm: SigningAlgorithm,
): Promise<{ privateKeyPem: string; publicRecord: string }> {
  const privateKeyPem = algorithm === 'rsa-sha256' ? rsaTestKeyPem : ed25519TestKeyPem;
  const imported = importPrivateKey(privateKeyPem);
  if (!imported.ok) throw new Error(imported.say);
  return { privateKeyPem, publicRecord: imported.value.publicRecord };
}
