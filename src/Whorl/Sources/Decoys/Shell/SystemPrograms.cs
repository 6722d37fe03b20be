using System.Globalization;
using System.Text;

namespace Whorl.Sources.Decoys.Shell;

/// <summary>Programs that tell about the made-up machine.</summary>
internal static class SystemPrograms
{
    private const string Processes = """
          PID TTY          TIME CMD
            1 ?        00:00:09 systemd
          412 ?        00:00:02 systemd-journal
          587 ?        00:00:00 cron
          603 ?        00:00:01 rsyslogd
          741 ?        00:00:00 sshd
         2417 pts/0    00:00:00 bash
         2455 pts/0    00:00:00 ps

        """;

    public static IReadOnlyDictionary<string, Func<ProgramCall, string>> All { get; } = new Dictionary<string, Func<ProgramCall, string>>(StringComparer.Ordinal)
    {
        ["echo"] = Echo,
        ["printf"] = Printf,
        ["whoami"] = call => call.Machine.User + "\n",
        ["id"] = call => call.Machine.User == "root" ? "uid=0(root) gid=0(root) groups=0(root)\n" : $"uid=1000({call.Machine.User}) gid=1000({call.Machine.User}) groups=1000({call.Machine.User}),27(sudo)\n",
        ["groups"] = call => call.Machine.User + "\n",
        ["hostname"] = call => (call.Has('f') ? call.Machine.Persona.FullHost : call.Machine.Persona.Host) + "\n",
        ["uname"] = Uname,
        ["arch"] = call => call.Machine.Persona.Machine + "\n",
        ["uptime"] = call => $" {Clock(call)} up 15 days, 23:57,  1 user,  load average: 0.08, 0.03, 0.01\n",
        ["w"] = call => $" {Clock(call)} up 15 days, 23:57,  1 user,  load average: 0.08, 0.03, 0.01\nUSER     TTY      FROM             LOGIN@   IDLE   JCPU   PCPU WHAT\n{call.Machine.User,-8} pts/0    -                {Clock(call)[..5]}    0.00s  0.01s  0.00s w\n",
        ["who"] = call => $"{call.Machine.User,-8} pts/0        {call.Machine.Clock.GetUtcNow():yyyy-MM-dd HH:mm}\n",
        ["last"] = call => $"{call.Machine.User,-8} pts/0        10.0.2.2         {call.Machine.Clock.GetUtcNow():ddd MMM d HH:mm}   still logged in\n\nwtmp begins {call.Machine.Clock.GetUtcNow().AddDays(-16):ddd MMM d HH:mm:ss yyyy}\n",
        ["date"] = call => string.Create(CultureInfo.InvariantCulture, $"{call.Machine.Clock.GetUtcNow():ddd MMM d HH:mm:ss} UTC {call.Machine.Clock.GetUtcNow():yyyy}\n"),
        ["ps"] = _ => Processes,
        ["top"] = _ => Processes,
        ["free"] = _ => "              total        used        free      shared  buff/cache   available\nMem:        2035292      697580      312488        5124     1025224     1204764\nSwap:        998396           0      998396\n",
        ["df"] = call => call.Has('h') ? "Filesystem      Size  Used Avail Use% Mounted on\n/dev/sda1        39G  6.3G   31G  18% /\ntmpfs           994M     0  994M   0% /dev/shm\n" : "Filesystem     1K-blocks    Used Available Use% Mounted on\n/dev/sda1       40470732 6521880  31860768  18% /\ntmpfs            1017644       0   1017644   0% /dev/shm\n",
        ["mount"] = _ => "/dev/sda1 on / type ext4 (rw,relatime,errors=remount-ro)\nproc on /proc type proc (rw,nosuid,nodev,noexec,relatime)\ntmpfs on /dev/shm type tmpfs (rw,nosuid,nodev)\n",
        ["umount"] = _ => "",
        ["nproc"] = _ => "1\n",
        ["lscpu"] = call => $"Architecture:        {call.Machine.Persona.Machine}\nCPU op-mode(s):      32-bit, 64-bit\nCPU(s):              1\nVendor ID:           GenuineIntel\nModel name:          Intel(R) Xeon(R) CPU E5-2650 v4 @ 2.20GHz\n",
        ["lsblk"] = _ => "NAME   MAJ:MIN RM SIZE RO TYPE MOUNTPOINT\nsda      8:0    0  40G  0 disk \n`-sda1   8:1    0  40G  0 part /\n",
        ["dmidecode"] = _ => "",
        ["lspci"] = _ => "00:00.0 Host bridge: Intel Corporation 440FX - 82441FX PMC [Natoma] (rev 02)\n00:02.0 VGA compatible controller: Red Hat, Inc. QXL paravirtual graphic card\n",
        ["env"] = Environment,
        ["set"] = Environment,
        ["export"] = Export,
        ["unset"] = _ => "",
        ["alias"] = _ => "",
        ["ulimit"] = _ => "unlimited\n",
        ["history"] = _ => "",
        ["crontab"] = call => call.Has('l') ? call.Fail($"no crontab for {call.Machine.User}") : "",
        ["kill"] = _ => "",
        ["killall"] = _ => "",
        ["pkill"] = _ => "",
        ["sleep"] = _ => "",
        ["sync"] = _ => "",
        ["true"] = _ => "",
        [":"] = _ => "",
        ["false"] = call => { call.Status = 1; return ""; },
        ["test"] = call => { call.Status = 1; return ""; },
        ["passwd"] = _ => "passwd: password updated successfully\n",
        ["chpasswd"] = _ => "",
        ["useradd"] = _ => "",
        ["usermod"] = _ => "",
        ["su"] = _ => "",
        ["service"] = _ => "",
        ["systemctl"] = _ => "",
        ["apt"] = Apt,
        ["apt-get"] = Apt,
        ["yum"] = call => call.Fail("-bash: yum: command not found", 127),
        ["python3"] = call => call.Has('V') ? "Python 3.9.2\n" : "",
        ["perl"] = _ => "",
        ["exit"] = End,
        ["logout"] = End,
        // What telnet botnets type to get out of a vendor's own prompt.
        ["enable"] = _ => "",
        ["system"] = _ => "",
        ["shell"] = _ => "",
        ["clear"] = _ => "\x1B[H\x1B[2J",
    };

    private static string Clock(ProgramCall call) => call.Machine.Clock.GetUtcNow().ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    private static string Uname(ProgramCall call)
    {
        Personas.Persona persona = call.Machine.Persona;
        string version = "#1 SMP Debian 5.10.209-2 (2024-01-31)";
        return call.Has('a') ? $"Linux {persona.Host} {persona.Kernel} {version} {persona.Machine} GNU/Linux\n"
            : string.Join(' ', new[] { call.Has('s') || call.Arguments.Count == 0 ? "Linux" : null, call.Has('n') ? persona.Host : null, call.Has('r') ? persona.Kernel : null, call.Has('v') ? version : null, call.Has('m') || call.Has('p') ? persona.Machine : null, call.Has('o') ? "GNU/Linux" : null }.OfType<string>()) + "\n";
    }

    private static string Echo(ProgramCall call)
    {
        string[] words = [.. call.Arguments];
        bool end = true, escapes = false;
        int skip = 0;
        while (skip < words.Length && words[skip] is "-n" or "-e" or "-ne" or "-en" or "-E")
        {
            end &= !words[skip].Contains('n', StringComparison.Ordinal);
            escapes |= words[skip].Contains('e', StringComparison.Ordinal);
            skip++;
        }

        string text = string.Join(' ', words[skip..]);
        return (escapes ? Unescape(text) : text) + (end ? "\n" : "");
    }

    // Each %s takes a word of its own, as printf does; so nothing grows beyond the words.
    private static string Printf(ProgramCall call)
    {
        string[] parts = Unescape(call.Arguments.Count > 0 ? call.Arguments[0] : "").Split("%s");
        return string.Concat(parts.Select((part, i) => i + 1 < parts.Length ? part + call.Arguments.ElementAtOrDefault(i + 1) : part));
    }

    /// <summary>Backslash escapes as <c>echo -e</c> reads them: how droppers write binaries.</summary>
    private static string Unescape(string text)
    {
        StringBuilder plain = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\' || i + 1 == text.Length)
            {
                plain.Append(text[i]);
                continue;
            }

            i++;
            switch (text[i])
            {
                case 'n': plain.Append('\n'); break;
                case 't': plain.Append('\t'); break;
                case 'r': plain.Append('\r'); break;
                case 'x':
                    i += Digits(text, i + 1, 2, 16, plain);
                    break;
                case '0':
                    i += Digits(text, i + 1, 3, 8, plain);
                    break;
                default: plain.Append(text[i]); break;
            }
        }

        return plain.ToString();
    }

    private static int Digits(string text, int start, int most, int radix, StringBuilder plain)
    {
        int value = 0, count = 0;
        while (count < most && start + count < text.Length && char.IsAsciiHexDigit(text[start + count]) && Value(text[start + count]) < radix)
        {
            value = (value * radix) + Value(text[start + count++]);
        }

        plain.Append((char)(value & 0xFF));
        return count;

        static int Value(char digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
    }

    private static string Environment(ProgramCall call) => string.Concat(call.Machine.Variables.Select(variable => $"{variable.Key}={variable.Value}\n"));

    private static string Export(ProgramCall call)
    {
        foreach (string argument in call.Operands.Where(argument => argument.IndexOf('=') > 0))
        {
            int equals = argument.IndexOf('=');
            call.Machine.Set(argument[..equals], argument[(equals + 1)..]);
        }

        return "";
    }

    private static string Apt(ProgramCall call) =>
        "Reading package lists... Done\nBuilding dependency tree... Done\nReading state information... Done\n" +
        (call.Arguments is ["install", ..] ? $"E: Unable to locate package {call.Operands.ElementAtOrDefault(1)}\n" : "0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n");

    private static string End(ProgramCall call)
    {
        call.Machine.HasEnded = true;
        return "";
    }
}
