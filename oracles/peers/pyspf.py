"""pyspf over the world of each case: JSON lines in, JSON lines out."""
import json
import sys

import spf

world = {}


def lookup(name, kind, tcpfallback=True, timeout=30):
    name = name.rstrip('.').lower()
    records = world.get(name)
    found = []
    for _ in range(9):
        if records is None:
            return found
        if 'fail' in records:
            raise spf.TempError('DNS ' + records['fail'])
        if 'CNAME' not in records or kind == 'CNAME':
            break
        target = records['CNAME'][0]
        found.append(((name, 'CNAME'), target))
        name = target
        records = world.get(name)
    else:
        raise spf.TempError('DNS: chain of aliases')
    for value in (records or {}).get(kind, []):
        if kind == 'TXT':
            value = tuple(text.encode('latin-1') for text in value)
        elif kind == 'MX':
            value = (value[0], value[1])
        found.append(((name, kind), value))
    return found


spf.DNSLookup = lookup


def judge(case):
    query = spf.query(case['ip'], case['mail_from'], case['helo'], receiver='mx.receiver.test', strict=True)
    result, _, why = query.check()
    return {'result': result, 'why': str(why)}


for line in sys.stdin:
    case = json.loads(line)
    world = case['world']
    try:
        answer = judge(case)
    except Exception as error:  # what it cannot judge is an answer too
        answer = {'result': 'exception', 'why': repr(error)}
    print(json.dumps({'id': case['id'], **answer}))
