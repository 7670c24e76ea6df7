/** Of the launcher and the panel's place; the host page's styles do not reach in. The colours are tokens.css's. */
export const style = `
:host{all:initial;position:fixed;z-index:var(--maru-z,2147483000);inset:auto 0 0 auto;color-scheme:light dark;
--a:var(--maru-accent,light-dark(#1f6f54,#7cc7a6));--o:oklch(from var(--a) calc((.68 - l)*99) 0 0);
font:14px/20px "Pretendard Variable",Pretendard,-apple-system,"Apple SD Gothic Neo","Noto Sans KR","Malgun Gothic",system-ui}
:host([data-theme=light]){color-scheme:light}
:host([data-theme=dark]){color-scheme:dark}
[hidden]{display:none!important}
.launcher{position:fixed;inset:auto calc(20px + env(safe-area-inset-right,0px)) calc(20px + env(safe-area-inset-bottom,0px)) auto;
width:56px;height:56px;padding:0;border:0;border-radius:50%;background:var(--a);color:var(--o);cursor:pointer;
box-shadow:0 12px 40px rgb(60 48 24/24%);transition:transform 150ms ease-out}
.launcher:hover{transform:translateY(-2px)}
.launcher:focus-visible{outline:3px solid var(--a);outline-offset:3px}
svg{width:26px;height:26px;fill:none;stroke:currentColor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round;vertical-align:middle}
path+path,:host([data-open=true]) path{display:none}
:host([data-open=true]) path+path{display:inline}
.badge{position:absolute;top:-4px;right:-4px;min-width:22px;box-sizing:border-box;padding:0 6px;border-radius:11px;
background:#a33a24;color:#fff;font:650 12px/22px system-ui;text-align:center}
.hint{position:fixed;right:88px;bottom:28px;margin:0;padding:10px 14px;border-radius:12px;max-width:220px;
background:light-dark(#fff,#211f1c);color:light-dark(#1f1d1a,#eeeae2);box-shadow:0 12px 40px rgb(60 48 24/24%)}
.panel{position:fixed;inset:auto calc(20px + env(safe-area-inset-right,0px)) calc(88px + env(safe-area-inset-bottom,0px)) auto;
width:376px;max-width:calc(100vw - 40px);height:min(640px,100vh - 108px);overflow:hidden;border-radius:12px;
border:1px solid light-dark(#e6e1d6,#35322d);background:light-dark(#fbfaf7,#171614);
box-shadow:0 12px 40px rgb(60 48 24/22%);visibility:hidden;opacity:0;transition:opacity 150ms ease-out}
.panel[data-open]{visibility:visible;opacity:1}
iframe{display:block;width:100%;height:100%;border:0;color-scheme:normal}
@media(max-width:480px){.panel{inset:0;width:100%;max-width:none;height:100%;border:0;border-radius:0}
:host([data-open=true]) .launcher{visibility:hidden}}
@media(prefers-reduced-motion:reduce){.launcher,.panel{transition:none}.launcher:hover{transform:none}}
@media(forced-colors:active){.launcher{border:2px solid ButtonText}}
@media print{:host{display:none}}
`;
