using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;

namespace Whorl.Fingerprints.Tests.Tcp;

/// <summary>Runs the p0f of the system over packets of our own making and reads its log.</summary>
internal static class P0fProgram
{
    public const string SignatureFile = "/etc/p0f/p0f.fp";
    private const string Path = "/usr/sbin/p0f";
    private const int LinkTypeRaw = 101;

    /// <summary>Runs over packets with a signature text of our own; the second value is what p0f says when it refuses the text.</summary>
    public static (List<Dictionary<string, string>> Lines, string Refusal) RunWith(string signatures, IEnumerable<(long Micros, byte[] Packet)> packets)
    {
        string file = System.IO.Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, signatures);
            return Start(packets, file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>The lines of the log as field maps; skips the test, loudly, where p0f is not installed.</summary>
    public static List<Dictionary<string, string>> Run(IEnumerable<(long Micros, byte[] Packet)> packets)
    {
        (List<Dictionary<string, string>> lines, string refusal) = Start(packets, SignatureFile);
        refusal.ShouldBeEmpty();
        return lines;
    }

    private static (List<Dictionary<string, string>> Lines, string Refusal) Start(IEnumerable<(long Micros, byte[] Packet)> packets, string signatureFile)
    {
        Assert.SkipUnless(File.Exists(Path), "p0f is not installed");
        DirectoryInfo folder = Directory.CreateTempSubdirectory("whorl-p0f-");
        try
        {
            string capture = System.IO.Path.Combine(folder.FullName, "in.pcap");
            string log = System.IO.Path.Combine(folder.FullName, "log");
            File.WriteAllBytes(capture, Pcap(packets));
            using Process process = Process.Start(new ProcessStartInfo(Path, ["-r", capture, "-o", log, "-f", signatureFile, "-m", "20000,60000"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            })!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string said = process.StandardOutput.ReadToEnd() + errors.GetAwaiter().GetResult();
            process.WaitForExit();
            return File.Exists(log) ? ([.. File.ReadLines(log).Select(Fields)], "") : ([], said);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    public static (IPAddress Address, int Port) Client(Dictionary<string, string> line)
    {
        string[] parts = line["cli"].Split('/');
        return (IPAddress.Parse(parts[0]), int.Parse(parts[1]));
    }

    // [2024/01/01 00:00:00] mod=syn|cli=…|…
    private static Dictionary<string, string> Fields(string line) => line[(line.IndexOf(']') + 2)..].Split('|')
        .Select(field => field.Split('=', 2))
        .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);

    private static byte[] Pcap(IEnumerable<(long Micros, byte[] Packet)> packets)
    {
        using MemoryStream file = new();
        Write(0xA1B2C3D4, 0x0004_0002, 0, 0, 65535, LinkTypeRaw);
        foreach ((long micros, byte[] packet) in packets)
        {
            Write((uint)(micros / 1_000_000), (uint)(micros % 1_000_000), (uint)packet.Length, (uint)packet.Length);
            file.Write(packet);
        }

        return file.ToArray();

        void Write(params ReadOnlySpan<uint> words)
        {
            Span<byte> bytes = stackalloc byte[4];
            foreach (uint word in words)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(bytes, word);
                file.Write(bytes);
            }
        }
    }
}
