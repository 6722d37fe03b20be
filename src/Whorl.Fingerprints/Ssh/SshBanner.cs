using System.Text;
using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Ssh;

/// <summary>
/// The identification line with which each side of an SSH connection begins (RFC 4253 §4.2),
/// <c>SSH-protocol-software comments</c>. A server may send lines of text before it.
/// </summary>
public sealed class SshBanner
{
    /// <summary>Bytes of one line at most. The RFC allows 255; OpenSSH reads 8192, and so do servers that send a notice first.</summary>
    public const int MaxLineLength = 8192;

    /// <summary>Bytes of the lines before the identification at most; OpenSSH gives up after 1024 lines, none are seen with this much text.</summary>
    public const int MaxLeadLength = 64 * 1024;

    private SshBanner(string text, int protocolEnd, int leadLength, int leadLines, int length)
    {
        int space = text.IndexOf(' ', protocolEnd);
        Text = text;
        Protocol = text[4..protocolEnd];
        Software = space < 0 ? text[(protocolEnd + 1)..] : text[(protocolEnd + 1)..space];
        Comments = space < 0 ? string.Empty : text[(space + 1)..];
        LeadLength = leadLength;
        LeadLines = leadLines;
        Length = length;
    }

    /// <summary>The whole line without its end, bytes as Latin-1; hostile text, to be escaped wherever it is printed.</summary>
    public string Text { get; }

    /// <summary>The protocol version: <c>2.0</c>, or <c>1.99</c> of a server that also speaks version 1.</summary>
    public string Protocol { get; }

    /// <summary>The software version, such as <c>OpenSSH_9.2p1</c>.</summary>
    public string Software { get; }

    /// <summary>What follows the first space, such as <c>Debian-2+deb12u5</c>; empty where nothing does.</summary>
    public string Comments { get; }

    /// <summary>True where the peer speaks protocol 2: 2.0 and 1.99 (RFC 4253 §5.1).</summary>
    public bool SpeaksVersion2 => Protocol is "2.0" or "1.99";

    /// <summary>Bytes of text lines before the identification line.</summary>
    public int LeadLength { get; }

    /// <summary>How many text lines came before the identification line.</summary>
    public int LeadLines { get; }

    /// <summary>Bytes up to and with the end of the line: where the binary packets begin.</summary>
    public int Length { get; }

    /// <summary>
    /// Reads a banner off the beginning of one side's bytes. Lines end in LF, with or without CR before it.
    /// <see cref="ParseStatus.Malformed"/> where a line holds a zero byte, is too long, or names no version.
    /// </summary>
    /// <param name="bytes">What the side sent so far.</param>
    /// <param name="banner">The banner where the status is <see cref="ParseStatus.Done"/>, otherwise null.</param>
    /// <param name="allowLead">False where the side is known to be the client, which must not send lines before its identification.</param>
    public static ParseStatus TryParse(ReadOnlySpan<byte> bytes, out SshBanner? banner, bool allowLead = true)
    {
        banner = null;
        int start = 0;
        for (int lines = 0; ; lines++)
        {
            ReadOnlySpan<byte> rest = bytes[start..];
            ReadOnlySpan<byte> window = rest[..Math.Min(rest.Length, MaxLineLength)];
            int end = window.IndexOfAny((byte)'\n', (byte)0);
            bool identification = IsPrefix(window, "SSH-"u8);
            if (end < 0)
            {
                return window.Length == MaxLineLength || (!identification && !allowLead) ? ParseStatus.Malformed : ParseStatus.NeedMore;
            }

            if (window[end] == 0)
            {
                return ParseStatus.Malformed;
            }

            if (window.StartsWith("SSH-"u8))
            {
                return TryMake(window[..end], start, lines, ref banner);
            }

            start += end + 1;
            if (!allowLead || start > MaxLeadLength)
            {
                return ParseStatus.Malformed;
            }
        }
    }

    private static bool IsPrefix(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> text) =>
        bytes[..Math.Min(bytes.Length, text.Length)].SequenceEqual(text[..Math.Min(bytes.Length, text.Length)]);

    private static ParseStatus TryMake(ReadOnlySpan<byte> line, int start, int lines, ref SshBanner? banner)
    {
        int length = start + line.Length + 1;
        string text = Encoding.Latin1.GetString(line.EndsWith("\r"u8) ? line[..^1] : line);
        int protocolEnd = text.IndexOf('-', 4);
        if (protocolEnd < 0)
        {
            return ParseStatus.Malformed;
        }

        banner = new SshBanner(text, protocolEnd, start, lines, length);
        return ParseStatus.Done;
    }
}
