"""Texts by hand with what should be masked in them, and texts in which nothing should be.

`TUNED` was looked at when the patterns were written; `HELD_OUT` was written after them. Keys are put together here from
pieces, so that no scanner of repositories takes them for somebody's.
"""

from __future__ import annotations

Case = tuple[str, str, str]
"""Kind, text, and the part of it that must be gone."""


def _key(*parts: str) -> str:
    return "".join(parts)


_A = "Ab3dE7gH9jK2mN5pQ8rS1tU4vW6xY0zA"

_EMAILS = (
    "jane.doe@example.com", "j_d+news@mail.example.co.uk", "INFO@EXAMPLE.ORG", "a@b.io", "müller@beispiel.de", "user%x@example.net",
    "first.last@sub.domain.example.museum", "o'neil@example.ie", "x-y-z@my-host.example.com", "1234567@qq.com",
    "иван@пример.рф", "name@123.example.com",
)  # fmt: skip
_EMAIL_FORMS = (
    "Write to {} please", "<{}>", "mail:{}, thanks", "my address is {}.", "\"{}\"", "({})",
)  # fmt: skip
_PHONES = (
    "+1 650 253 0000", "+44 20 7946 0958", "+49 30 901820", "+33 1 42 68 53 00", "+91 98765 43210", "+86 138 0013 8000",
    "+81 3-1234-5678", "+55 11 91234-5678", "+61 2 9374 4000", "+4915123456789", "(212) 736-5000", "212-736-5000", "415.555.2671",
    "020 7946 0958", "01 42 68 53 00", "+7 495 123-45-67", "+34 912 34 56 78", "+31 20 123 4567", "+1-202-456-1111", "00 44 20 7946 0958",
)  # fmt: skip
_PHONE_FORMS = ("Call me at {} tonight", "my phone number is {}", "Tel: {}", "reach us: {}, any time")
_CARDS = (
    "4111 1111 1111 1111", "4111111111111111", "5500-0000-0000-0004", "5555555555554444", "378282246310005", "3714 496353 98431",
    "6011111111111117", "3530111333300000", "30569309025904", "4012 8888 8888 1881", "2223003122003222", "6200000000000005",
    "DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819", "FR14 2004 1010 0505 0001 3M02 606", "NL91ABNA0417164300",
)  # fmt: skip
_IPS = (
    "192.168.1.17", "8.8.8.8", "203.0.113.254", "10.0.0.1", "2001:db8:85a3:0:0:8a2e:370:7334", "fe80::1ff:fe23:4567:890a",
    "2001:4860:4860::8888", "172.16.254.1",
)  # fmt: skip
_URLS = (
    "https://example.com/a?b=c#d", "http://localhost:8080/admin", "www.example.org/path", "HTTPS://EXAMPLE.COM", "ftp://files.example.net/x.zip",
    "https://en.wikipedia.org/wiki/Foo_(bar)", "https://example.com/päth/ü", "ssh://git@example.com/repo.git",
)  # fmt: skip
_KEYS = (
    _key("AKIA", "IOSFODNN7EXAMPLE"), _key("ghp_", "16C7e42F292c6912E7710c838347Ae178B4a"), _key("sk-", "ant-api03-", _A, _A),
    _key("sk-", "proj-", _A, _A), _key("sk-", _A, "T3BlbkFJ"[:4], _A), _key("hf_", "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH"),
    _key("AIza", "SyD3x4mple_Key-0123456789abcdefghijk"), _key("xoxb-", "123456789012-1234567890123-", _A[:24]),
    _key("sk_", "live_", "4eC39HqLyjWDarjtT1zdp7dc"), _key("glpat-", "ABCdef123456ghIJklMN"),
    _key("eyJ", "hbGciOiJIUzI1NiJ9.", "eyJ", "zdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"),
    _key("SG.", "ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf-09kqeF8tAmbihYzrnopKc-1s5cr"),
    _key("github_pat_", "11ABCDEFG0abcdefghijkl_", _A), _key("npm_", "abcdefghijklmnopqrstuvwxyz0123456789"),
    _key("-----BEGIN RSA ", "PRIVATE KEY-----\nMIIEow", _A, "\n", _A, "\n-----END RSA ", "PRIVATE KEY-----"),
)  # fmt: skip
_SECRETS = (
    ("password: hunter2!x", "hunter2!x"), ("my password is Tr0ub4dor&3", "Tr0ub4dor&3"), ("DB_PASSWORD='s3cr3tPa55'", "s3cr3tPa55"),
    ("api_key = \"a8f5f167f44f4964e6c998dee827110c\"", "a8f5f167f44f4964e6c998dee827110c"), ("client_secret=9x8Yz7Wv6Ut5", "9x8Yz7Wv6Ut5"),
    (_key("Authorization: Bearer ", _A), _A), ("postgres://admin:pa55w0rd@db.example.com/x", "pa55w0rd"),
    ("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
)  # fmt: skip


def _cases() -> tuple[Case, ...]:
    found: list[Case] = []
    for at, one in enumerate(_EMAILS):
        found += [("email", _EMAIL_FORMS[(at + n) % len(_EMAIL_FORMS)].format(one), one) for n in range(2)]
    for at, one in enumerate(_PHONES):
        found += [("phone", _PHONE_FORMS[(at + n) % len(_PHONE_FORMS)].format(one), one) for n in range(2)]
    for one in _CARDS:
        found += [("card", f"charge {one} now", one), ("card", f"card number: {one}.", one)]
    for one in _IPS:
        found += [("ip", f"ping {one} fails", one), ("ip", f"server at {one}, port 22", one)]
    for one in _URLS:
        found.append(("url", f"see {one} for more", one))
    for one in _KEYS:
        found.append(("key", f"why does {one} not work", one))
    found += [("key", text, secret) for text, secret in _SECRETS]
    return tuple(found)


TUNED = _cases()

CLEAN_TUNED: tuple[str, ...] = (
    "on 2023-05-01 at 12:30", "01/02/2023", "05.01.2023 was a Sunday", "2023-05-01T12:30:45Z", "from 1914 to 1918 and 1939-1945",
    "version 1.2.3", "v10.4.2.1 is out", "python 3.11.4", "release 5.10.0.2", "pip install numpy==1.26.4", "order 2125551234 is late",
    "order number 1234567890", "invoice #20230501-77", "ticket 100200300", "ISBN 978-3-16-148410-0", "ISBN 0306406152",
    "commit d670460b4b4aece5915caf5c68d12f560a9fe3e4", "md5 d41d8cd98f00b204e9800998ecf8427e",
    "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "uuid 123e4567-e89b-12d3-a456-426614174000",
    "x = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]", "for i in range(1000000):", "3.14159265358979", "2.718281828459045", "1,234,567.89 dollars",
    "0xDEADBEEF", "0x7fff5fbff8c0", "#ff00aa", "std::vector<int>", "a::b::c::d", "12:30:45", "10:00-11:30", "@property def x(self)",
    "@media (max-width: 600px)", "decorator @lru_cache(maxsize=128)", "user@host", "foo @ bar", "a@b", "twitter @jack says hi",
    "what is 4111 + 1111", "4111 1111 1111 1112", "1234 5678 9012 3456", "0000 0000 0000 0000", "5555 5555 5555 5555",
    "1 2 3 4 5 6 7 8 9 10 11 12", "lat 52.520008, lon 13.404954", "(52.520008, 13.404954)", "pi is 3.1415926535",
    "192.168.1", "1.2.3", "chapter 1.2.3.4", "section 4.3.2.1 of the standard", "256.300.1.1", "999.999.999.999", "score 3:2",
    "ratio 16:9:4", "password: ", "password is required", "password: string", "password = os.environ['PASSWORD']", "api_key=YOUR_API_KEY",
    "set password=xxxxxxxx", "what is a good password policy", "token = get_token()", "secret santa ideas", "the secret is out",
    "key: value", "key = 5", "the api key is missing", "how do I reset my password", "bearer of bad news", "Bearer authentication explained",
    "sk-learn", "sk-SK locale", "AKIA is a prefix", "hf_ models", "eyJ is how they begin", "-----BEGIN CERTIFICATE-----",
    "http is a protocol", "https:", "www is short", "e.g. this", "file.txt", "README.md", "node.js and vue.js", "main.py:12", "C:\\Users\\x",
    "/usr/local/bin/python", "tel aviv", "call 911", "call me maybe", "phone charger 20W", "iphone 14 pro max", "call function 12 times",
    "population 1400000000", "1400000000 people", "7,800,000,000", "1e10", "6.022e23", "2^31 = 2147483648", "2147483647", "4294967295",
    "18446744073709551615", "9223372036854775807", "1000 2000 3000 4000", "10 20 30 40 50 60", "100-200-300", "year 2020 2021 2022 2023",
    "2020-2021-2022", "1-2-3-4-5-6-7", "zip 10001-1234", "SELECT * FROM t WHERE id=12345678", "port 8080", "error 0x80070005",
    "RFC 2616", "IPv4 and IPv6", "::1", "localhost", "A1 B2 C3 D4", "GB12 3456 7890", "DE12 is a road", "AB12 CD34 EF56 GH78", "MH370",
    "the 3-2-1 rule", "24/7/365", "50/50", "£1,000,000", "5 5 5 5 5 5 5", "1.000.000,00 EUR", "resolution 1920x1080x60", "1920 1080 2560 1440",
    "timestamp 1683000000", "1683000000123", "epoch 1700000000", "temperature -273.15", "x=1234567, y=7654321", "chr1:12345678-12345999",
    "rs1234567", "CAS 7732-18-5", "E = mc^2", "H2SO4", "GPT-3.5-turbo-0613", "gpt-4-1106-preview", "CUDA 11.8.0", "Ubuntu 22.04.3", "4x4x4",
)  # fmt: skip

HELD_OUT: tuple[Case, ...] = (
    ("email", "cc: bob_smith99@company.travel and others", "bob_smith99@company.travel"),
    ("email", "contact=support@shop-online.de;", "support@shop-online.de"),
    ("email", "{\"email\":\"ana@correo.es\"}", "ana@correo.es"),
    ("email", "メール：taro@example.co.jp まで", "taro@example.co.jp"),
    ("email", "jane [at] example [dot] com", "jane [at] example [dot] com"),
    ("email", "john(at)example.org", "john(at)example.org"),
    ("email", "From: \"X\" <x.y@z.example> wrote", "x.y@z.example"),
    ("email", "a.very.long.name.of.somebody@very.long.host.example.com,", "a.very.long.name.of.somebody@very.long.host.example.com"),
    ("phone", "ring 555-867-5309? no, (312) 555-0188", "(312) 555-0188"),
    ("phone", "mobile 07911 123456", "07911 123456"),
    ("phone", "WhatsApp +234 803 123 4567", "+234 803 123 4567"),
    ("phone", "Telefon: 089 / 123456", "089 / 123456"),
    ("phone", "tel 06 12 34 56 78", "06 12 34 56 78"),
    ("phone", "my cell: 9876543210", "9876543210"),
    ("phone", "(+39) 06 698 12345", "39) 06 698 12345"),
    ("phone", "1-800-356-9377 is toll free", "800-356-9377"),
    ("phone", "+62 812-3456-7890 ya", "+62 812-3456-7890"),
    ("phone", "电话：13800138000", "13800138000"),
    ("phone", "+1(650)253-0000", "(650)253-0000"),
    ("phone", "fax no. 030-1234567", "030-1234567"),
    ("card", "visa 4539 1488 0343 6467 exp 12/26", "4539 1488 0343 6467"),
    ("card", "mc:5105105105105100", "5105105105105100"),
    ("card", "amex 371449635398431 cvv 1234", "371449635398431"),
    ("card", "4242-4242-4242-4242", "4242-4242-4242-4242"),
    ("card", "IBAN: ES91 2100 0418 4502 0005 1332", "ES91 2100 0418 4502 0005 1332"),
    ("card", "konto AT611904300234573201 bitte", "AT611904300234573201"),
    ("card", "CH93 0076 2011 6238 5295 7 danke", "CH93 0076 2011 6238 5295 7"),
    ("ip", "ssh root@45.33.32.156", "45.33.32.156"),
    ("ip", "[2606:4700:4700::1111]:443", "2606:4700:4700::1111"),
    ("ip", "http://93.184.216.34/", "93.184.216.34"),
    ("ip", "from 100.64.0.9:5432 to", "100.64.0.9"),
    ("ip", "192.0.2.0/24", "192.0.2.0"),
    ("ip", "inet6 fd12:3456:789a:1::1 prefixlen", "fd12:3456:789a:1::1"),
    ("url", "[link](https://example.org/x_(y)?q=1)", "https://example.org/x_(y)?q=1"),
    ("url", "open http://10.0.0.5:3000/#/login.", "http://10.0.0.5:3000/#/login"),
    ("url", "watch https://youtu.be/dQw4w9WgXcQ!", "https://youtu.be/dQw4w9WgXcQ"),
    ("url", "<a href='https://a.example/b'>", "https://a.example/b"),
    ("url", "WWW.EXAMPLE.COM/path", "WWW.EXAMPLE.COM/path"),
    ("key", _key("export OPENAI_API_KEY=", "sk-", "abcdefghijklmnopqrst", "T3Blbk", "FJ", "abcdefghijklmnopqrst"), "abcdefghijklmnopqrst"),
    ("key", _key("gho_", "16C7e42F292c6912E7710c838347Ae178B4a"), "16C7e42F292c6912E7710c838347Ae178B4a"),
    ("key", _key("https://hooks.slack.com/services/", "T00000000/B00000000/", "XXXXXXXXXXXXXXXXXXXXXXXX"), "XXXXXXXXXXXXXXXXXXXXXXXX"),
    ("key", "mysql -u root -pS3cretPw! --password=S3cretPw!", "--password=S3cretPw!"),
    ("key", "passwd: 'Xk29$kd0!'", "Xk29$kd0!"),
    ("key", "access_token: '1/fFAGRNJru1FTz70BzhT3Zg'", "1/fFAGRNJru1FTz70BzhT3Zg"),
    ("key", _key("-----BEGIN OPENSSH ", "PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH ", "PRIVATE KEY-----"), "b3BlbnNzaC1rZXk"),
    ("key", _key("gsk_", "abcDEF123456ghiJKL789012mnoPQR345678stuVWX901234yz"), "abcDEF123456ghiJKL789012mnoPQR345678stuVWX901234yz"),
    ("key", "mongodb+srv://app:q9Zt7Lm2@cluster0.example.net", "q9Zt7Lm2"),
    ("key", "passwort: Sommer2023!", "Sommer2023!"),
)  # fmt: skip

CLEAN_HELD_OUT: tuple[str, ...] = (
    "born 12.03.1984 in Bonn", "meeting 2024/06/30 14:00-15:30", "Q3 2023 vs Q4 2022", "numpy 1.21.0rc2", "kernel 6.1.0-13-amd64",
    "java version 17.0.9.1", "build 22621.2715", "order #4000123412", "tracking 1Z999AA10123456784", "SKU 00012345678905",
    "git revert 9fceb02d0ae598e95dc970b74767f19372d61af8", "etag \"33a64df551425fcc55e4d42a148795d9f25f89d4\"",
    "550e8400-e29b-41d4-a716-446655440000", "def f(a, b): return a @ b", "np.zeros((100, 200, 300))", "a[1:10:2]", "range(0, 1000000, 1000)",
    "std::chrono::milliseconds", "fn main() -> Result<(), E>", "1000000007 is prime", "the sum of 123456789 and 987654321",
    "9999999999999999", "roll 3d6+2", "2 + 2 = 4", "F = 9.81 m/s^2", "42.195 km", "1,2,3,4,5,6,7,8", "12 345 678 EUR", "$12,345,678.90",
    "10.1038/nphys1170", "arXiv:2312.08935", "PMID 12345678", "page 123-456", "GPS 48.8584 N 2.2945 E", "AB-1234-CD", "model XJ-900-200",
    "what's the password for success?", "explain JWT tokens", "store the api key in a vault", "secret = input('?')",
    "token limit is 4096", "C# and F#", "email me", "my e-mail is broken", "the phone rings 3 times", "tel: unknown", "see section 12.4.1.3",
    "mac 00:1B:44:11:3A:B7", "ratio 1:1000000", "{\"a\": 1, \"b\": [2, 3]}", "for (int i=0;i<10;i++)", "rgb(255, 255, 255)",
)  # fmt: skip
