/** How unsubscribing is called, in the languages that most newsletters are written in. */
export const leavingWords: RegExp = new RegExp(
  [
    'unsubscri', // English
    'opt[- ]?out',
    '(?:manage|update|change|email|e-mail|subscription|communication)[- ]preferences',
    'abmeld|abbestell|austragen', // German
    'désabonn|desabonn|désinscri|desinscri|se désabonner', // French
    'cancelar (?:la )?suscripci|darse de baja|dar de baja|anular (?:la )?suscripci', // Spanish
    'cancelar (?:a )?(?:inscri|subscri|assinatura)|descadastr|remover inscri', // Portuguese
    'disiscri|annulla (?:l.)?iscrizione|cancella(?:zione|rsi| iscrizione|ti)', // Italian
    'afmeld|uitschrijv', // Dutch
    'avprenumer|avregistrera|avsluta prenumeration', // Swedish
    'afmeld|frameld', // Danish
    'avmeld|meld deg av', // Norwegian
    'peruuta tilaus|peru uutiskirje', // Finnish
    'wypisz|zrezygnuj|anuluj subskrypcj|rezygnacja z', // Polish
    'odhlásit|odhlasit|odhlásiť', // Czech, Slovak
    'leiratkoz', // Hungarian
    'dezabon', // Romanian
    'отпис|отказаться от', // Russian, Bulgarian
    'відпис', // Ukrainian
    'aboneliğ|abonelikten|listeden çık', // Turkish
    'διαγραφή|απεγγραφή', // Greek
    '配信停止|購読解除|登録解除', // Japanese
    '退订|取消订阅|退訂|取消訂閱', // Chinese
    '수신거부|구독취소|구독 취소|수신 거부', // Korean
    'إلغاء الاشتراك', // Arabic
    'להסרה|ביטול מנוי|הסר', // Hebrew
  ].join('|'),
  'iu',
);
