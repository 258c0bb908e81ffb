/**
 * Words of links that do something for whoever follows them: confirm an address, sign in, accept, vote, delete. Unsubscribing has words
 * of its own (`bulk/leaving-words.ts`). A word too many costs a link that is not looked at; a word too few could act for a stranger.
 */

/** In the words of a link, or around it. */
export const actionWords: RegExp = new RegExp(
  [
    String.raw`subscri|unsub|\bopt[- ]?(?:in|out)\b|\bremove\b|\bno longer\b|\bstop (?:receiving|these|emails?)`,
    String.raw`\bverif|\bconfirm|\bactivat|\bvalidat|\bauthori[sz]|\bapprov|\bunlock|\brecover`,
    String.raw`\bsign[- ]?(?:in|up|on)\b|\blog[- ]?(?:in|on)\b|\bpass(?:word|code)|\bmagic\b|\bone[- ]time\b|\breset\b|\bregister\b`,
    String.raw`\baccept|\bdecline|\breject|\brsvp\b|\battend|\bjoin\b|\binvit|\bvote\b|\bpoll\b|\bsurvey|\brat(?:e|ing)\b|\bfeedback\b|\bnps\b|\bscore\b`,
    String.raw`\bdelet|\bcancel|\brevoke|\brenew|\bclaim\b|\bredeem|\bpay\b|\bcheckout\b|\bunfollow|\bmute\b|\bsnooze\b|\babuse\b|\breport (?:spam|abuse)`,
    String.raw`\bpreferences?\b|\bsettings\b|\bprofile\b|\bnotifications?\b|\bfewer\b|\bfrequency\b|\bconsent\b|\bwithdraw`,
    String.raw`\bleave\b|\bstop\b|\bturn (?:off|on)\b|\bdisable\b|\bpause\b|\bblock\b|\bdismiss|\bmark as\b|\b(?:don|didn|do|did)(?:.?t| not) (?:want|ask|request)\b`,
    String.raw`\binterested\b|\b(?:not|was|is|wasn.?t|isn.?t) (?:you|me)\b|\bmerge\b`,
    'bestätig|aktivier|anmeld|passwor|einlogg|zustimm|ablehn|annehm|zusag|absag|abstimm|bewert|löschen|kündig|einstellungen', // German
    'vérifi|activer|s.inscri|connexion|se connecter|mot de passe|accepter|refuser|annuler|supprimer', // French
    'verifi|activar|inscrib|suscrib|iniciar sesi|contraseña|aceptar|rechazar|cancelar|eliminar', // Spanish
    'ativar|inscrev|iniciar sess|senha|aceitar|recusar|excluir', // Portuguese
    'conferma|attiva|iscriv|accedi|accett|rifiut|annulla|elimina', // Italian
    'bevestig|activeer|aanmeld|wachtwoord|accepteer|weiger|annuleer', // Dutch
    'bekräfta|aktivera|godkänn|logga in|bekreft|bekræft|aktiver|godkend|logg inn|log ind|vahvista|aktivoi|kirjaudu', // Nordic
    'potwierd|aktywuj|zaloguj|hasło|potvrd|ověř|přihlás|\\boveri|megerősít|aktivál|jelszó|confirmă|activeaz|\\bparol', // Central Europe
    'подтверд|активир|войти|пароль|підтверд|потвърд|увійти', // Cyrillic
    'onayla|doğrula|şifre|giriş yap|επιβεβα|ενεργοπο|σύνδεση', // Turkish, Greek
    '確認|認証|承認|ログイン|登録|有効化|确认|验证|激活|登录|註冊|驗證|啟用|登入|확인|인증|로그인|가입', // Japanese, Chinese, Korean
    'تأكيد|تفعيل|تسجيل|אישור|אימות|הפעל|התחבר', // Arabic, Hebrew
  ].join('|'),
  'iu',
);

/** Words that do not tell where a link leads. */
const emptyWords: ReadonlySet<string> = new Set(
  `
  click tap press here this link page go more ok yes no on the and
  klick klicke klicken hier diesen ja nein sie auf bitte mehr  cliquez clique ici oui non ce lien sur plus
  haz clic aquí aqui en sí si enlace más  clicca qui su  clica aqui sim não  klik deze  klicka här klikk her täällä
  kliknij tutaj tu  klikněte zde ide  нажмите здесь сюда тут  tıklayın buraya  εδώ  こちら ここ クリック こちらをクリック ここをクリック
  点击 这里 点击这里 點擊 這裡 點擊這裡  여기 여기를 클릭  هنا اضغط  כאן לחץ
  `
    .trim()
    .split(/\s+/),
);
/** Longer ones say something. */
const emptyMax = 60;

export function saysNothing(text: string): boolean {
  if (text.length > emptyMax) return false;
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.every((word) => emptyWords.has(word) || /^\d{1,2}$/.test(word));
}
