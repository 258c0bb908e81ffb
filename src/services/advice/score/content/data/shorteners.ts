/** Public link shorteners: everybody may make links there, and nobody sees where they lead. Own short names of one company are not here. */
export const shorteners: ReadonlySet<string> = new Set(
  `
  adf.ly b.link bit.do bit.ly bitly.com bl.ink buff.ly chilp.it clck.ru cli.gs cutt.ly db.tt dlvr.it fb.me
  gg.gg goo.gl goo.su hyperurl.co is.gd j.mp kutt.it l.ead.me lnk.to lnkd.in mcaf.ee moourl.com o.ly ow.ly
  po.st qr.ae qr.net qrco.de rb.gy rebrand.ly reurl.cc s.id s2r.co short.gy short.io shorturl.at shorte.st
  shrtco.de smarturl.it soo.gd surl.li t.ly t2m.io tiny.cc tiny.one tiny.pl tinyurl.com tr.im trib.al
  u.nu u.to urlz.fr urlzs.com v.gd vk.cc vurl.com wp.me x.co y2u.be ye.pe zpr.io zzb.bz
  `
    .trim()
    .split(/\s+/),
);
