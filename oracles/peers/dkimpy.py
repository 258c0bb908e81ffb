"""dkimpy: `verify` judges every signature, `sign` signs with rsa-sha256. JSON lines in, JSON lines out."""
import base64
import json
import sys

import dkim

keys = {}


def lookup(name, timeout=5):
    name = (name if isinstance(name, str) else name.decode('latin-1')).rstrip('.')
    texts = keys.get(name.lower(), {}).get('TXT')
    return None if texts is None else ''.join(texts[0]).encode('latin-1')


def verify(case):
    message = base64.b64decode(case['message'])
    results, why = [], []
    for index in range(case['signatures']):
        try:
            results.append('pass' if dkim.DKIM(message).verify(idx=index, dnsfunc=lookup) else 'fail')
            why.append('')
        except Exception as error:
            results.append('error')
            why.append(repr(error))
    return {'results': results, 'why': why}


def sign(case):
    message = base64.b64decode(case['message'])
    field = dkim.sign(
        message,
        case['selector'].encode(),
        case['domain'].encode(),
        case['pem'].encode(),
        canonicalize=(case['header_form'].encode(), case['body_form'].encode()),
    )
    return {'signed': base64.b64encode(field + message).decode()}


job = {'verify': verify, 'sign': sign}[sys.argv[1]]
for line in sys.stdin:
    case = json.loads(line)
    keys = case['world']
    try:
        answer = job(case)
    except Exception as error:
        answer = {'why': repr(error), 'results': ['error'] * case['signatures']}
    print(json.dumps({'id': case['id'], **answer}))
