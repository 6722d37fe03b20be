using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using System.Text;
using Whorl.Sources.Decoys.Personas;

namespace Whorl.Sources.Decoys.Shell;

/// <summary>The files a persona's machine has before anybody touched it: what every system has, and the persona's own.</summary>
internal static class BaseFiles
{
    private static readonly ConditionalWeakTable<Persona, FrozenDictionary<string, byte[]>> Known = [];

    public static readonly string[] Folders =
    [
        "/", "/bin", "/boot", "/dev", "/etc", "/etc/cron.d", "/etc/init.d", "/etc/ssh", "/home", "/lib", "/media", "/mnt", "/opt", "/proc", "/root", "/root/.ssh",
        "/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/usr/bin", "/usr/lib", "/usr/local", "/usr/sbin", "/usr/share", "/var", "/var/lib", "/var/log", "/var/run", "/var/tmp", "/var/www", "/var/www/html", "/dev/shm",
    ];

    // What scripts look for before they go on.
    private static readonly string[] Binaries =
    [
        "bash", "busybox", "cat", "chmod", "cp", "curl", "dd", "echo", "grep", "ls", "mkdir", "mount", "mv", "nproc", "ps", "python3", "rm", "sh", "tar", "tftp", "uname", "wget",
    ];

    public static FrozenDictionary<string, byte[]> Of(Persona persona) => Known.GetValue(persona, Make);

    private static FrozenDictionary<string, byte[]> Make(Persona persona)
    {
        Dictionary<string, byte[]> files = new(StringComparer.Ordinal);
        foreach (string name in Binaries)
        {
            // Enough of one for tools that read its header to tell the machine.
            files[$"/bin/{name}"] = ElfHeader(persona.Machine);
        }

        Add(files, "/etc/hostname", persona.Host + "\n");
        Add(files, "/etc/hosts", $"127.0.0.1\tlocalhost\n127.0.1.1\t{persona.FullHost} {persona.Host}\n");
        Add(files, "/etc/os-release", $"PRETTY_NAME=\"{persona.System}\"\nNAME=\"{persona.System.Split(' ')[0]}\"\nID={persona.System.Split(' ')[0].ToLowerInvariant()}\n");
        Add(files, "/etc/issue", $"{persona.System} \\n \\l\n\n");
        Add(files, "/etc/resolv.conf", "nameserver 9.9.9.9\nnameserver 1.1.1.1\n");
        Add(files, "/etc/passwd", Passwd(persona));
        Add(files, "/etc/shadow", "root:$6$qkJz1Yx0$G7m8Yy0hFhW0a5r1Zq2sN1ZxG7b7oVQe0k1T9c4l3d2:19240:0:99999:7:::\ndaemon:*:19240:0:99999:7:::\n");
        Add(files, "/proc/version", $"Linux version {persona.Kernel} (build@{persona.Host}) (gcc 10.2.1) #1 SMP\n");
        Add(files, "/proc/uptime", "1382244.71 2703119.02\n");
        Add(files, "/proc/mounts", "/dev/sda1 / ext4 rw,relatime,errors=remount-ro 0 0\nproc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\ntmpfs /dev/shm tmpfs rw,nosuid,nodev 0 0\ntmpfs /tmp tmpfs rw,nosuid,nodev 0 0\n");
        Add(files, "/proc/meminfo", "MemTotal:        2035292 kB\nMemFree:          312488 kB\nMemAvailable:    1204764 kB\nBuffers:           81212 kB\nCached:           944012 kB\nSwapTotal:        998396 kB\nSwapFree:         998396 kB\n");
        Add(files, "/proc/cpuinfo", Processor(persona.Machine));
        foreach (PersonaFile file in persona.Files)
        {
            Add(files, file.Path, file.Content);
        }

        return files.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static void Add(Dictionary<string, byte[]> files, string path, string content) => files[path] = Encoding.UTF8.GetBytes(content);

    private static string Passwd(Persona persona)
    {
        StringBuilder text = new("root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nbin:x:2:2:bin:/bin:/usr/sbin/nologin\nsys:x:3:3:sys:/dev:/usr/sbin/nologin\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\nsshd:x:105:65534::/run/sshd:/usr/sbin/nologin\n");
        int id = 1000;
        foreach (PersonaAccount account in persona.Accounts.Where(account => account.User != "root"))
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{account.User}:x:{id}:{id++}::/home/{account.User}:/bin/bash\n");
        }

        return text.ToString();
    }

    private static string Processor(string machine) => machine.StartsWith("x86", StringComparison.Ordinal)
        ? "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 79\nmodel name\t: Intel(R) Xeon(R) CPU E5-2650 v4 @ 2.20GHz\nstepping\t: 1\ncpu MHz\t\t: 2199.998\ncache size\t: 30720 KB\nflags\t\t: fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat sse sse2 ht lm aes avx\nbogomips\t: 4399.99\n\n"
        : "processor\t: 0\nmodel name\t: ARMv7 Processor rev 5 (v7l)\nBogoMIPS\t: 38.40\nFeatures\t: half thumb fastmult vfp edsp neon vfpv3 tls vfpv4\nCPU implementer\t: 0x41\nCPU architecture: 7\n\nHardware\t: Generic DT based system\n\n";

    // e_ident and e_machine (System V ABI): 64-bit x86, or 32-bit ARM or MIPS.
    private static byte[] ElfHeader(string machine)
    {
        byte[] header = new byte[64];
        bool wide = machine is "x86_64" or "aarch64";
        bool mips = machine.StartsWith("mips", StringComparison.Ordinal);
        "\x7FELF"u8.CopyTo(header);
        header[4] = (byte)(wide ? 2 : 1);
        header[5] = (byte)(machine == "mips" ? 2 : 1);
        header[6] = 1;
        header[machine == "mips" ? 17 : 16] = 2;
        header[machine == "mips" ? 19 : 18] = machine switch { "x86_64" => 62, "aarch64" => 183, _ when mips => 8, _ => 40 };
        return header;
    }
}
