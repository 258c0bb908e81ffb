/** Endings of file names that large receivers refuse or warn of. */

/** Gmail's published list of file types it blocks, which the others' resemble. */
export const refusedEndings: ReadonlySet<string> = new Set(
  `
  ade adp apk appx appxbundle bat cab chm cmd com cpl diagcab diagcfg diagpkg dll dmg ex ex_ exe hta img ins iso isp
  jar jnlp js jse lib lnk mde mjs msc msi msix msixbundle msp mst nsh pif ps1 scr sct shb sys vb vbe vbs vhd vhdx vxd
  wsc wsf wsh xll
  `
    .trim()
    .split(/\s+/),
);

/** Office documents that bring programs along. */
export const macroEndings: ReadonlySet<string> = new Set(
  'docm dotm xlsm xltm xlam pptm potm ppam ppsm sldm'.split(' '),
);
