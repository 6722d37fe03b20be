using System.Security.Cryptography;
using System.Text;

namespace Whorl.Fingerprints.Http;

/// <summary>One parameter of an HTTP/2 SETTINGS frame (RFC 9113 §6.5.1).</summary>
/// <param name="Id">The parameter, such as 4 for SETTINGS_INITIAL_WINDOW_SIZE.</param>
/// <param name="Value">Its value.</param>
public readonly record struct Http2Setting(ushort Id, uint Value);

/// <summary>One PRIORITY frame, or the priority fields of a HEADERS frame (RFC 7540 §6.3).</summary>
/// <param name="StreamId">The stream that is ranked.</param>
/// <param name="Exclusive">The exclusive flag.</param>
/// <param name="DependsOn">The stream it depends on.</param>
/// <param name="Weight">The weight, 1 to 256.</param>
public readonly record struct Http2Priority(uint StreamId, bool Exclusive, uint DependsOn, int Weight);

/// <summary>
/// How an HTTP/2 client opens a connection: its settings, its window, its priorities and the order of the header names
/// of its first request, as published by Akamai ("Passive Fingerprinting of HTTP/2 Clients", 2017).
/// </summary>
public sealed class Http2Fingerprint
{
    internal Http2Fingerprint(
        Http2Setting[] settings,
        uint? windowUpdate,
        Http2Priority[] priorities,
        Http2Priority? headersPriority,
        string[] headerNames)
    {
        Settings = settings;
        WindowUpdate = windowUpdate;
        Priorities = priorities;
        HeadersPriority = headersPriority;
        HeaderNames = headerNames;
        PseudoHeaderOrder = PseudoOrder(headerNames);
        Text = Write();
    }

    /// <summary>The parameters of the first SETTINGS frame in the order sent.</summary>
    public IReadOnlyList<Http2Setting> Settings { get; }

    /// <summary>The increment, in bytes, of the first WINDOW_UPDATE of the connection before the first request; null without one.</summary>
    public uint? WindowUpdate { get; }

    /// <summary>The PRIORITY frames before the first request.</summary>
    public IReadOnlyList<Http2Priority> Priorities { get; }

    /// <summary>The priority inside the first HEADERS frame; not part of the published text.</summary>
    public Http2Priority? HeadersPriority { get; }

    /// <summary>All header names of the first request, pseudo-headers included, in the order sent; one character per byte.</summary>
    public IReadOnlyList<string> HeaderNames { get; }

    /// <summary>The order of the pseudo-headers, such as <c>m,a,s,p</c>; <c>?</c> stands for one that is not of RFC 9113 §8.3.1.</summary>
    public string PseudoHeaderOrder { get; }

    /// <summary>
    /// The published form <c>SETTINGS|WINDOW_UPDATE|PRIORITY|pseudo-headers</c>, such as
    /// <c>1:65536;2:0;4:6291456;6:262144|15663105|0|m,a,s,p</c>; <c>00</c> for no WINDOW_UPDATE, <c>0</c> for no PRIORITY frame.
    /// </summary>
    public string Text { get; }

    /// <summary>MD5 of <see cref="Text"/> in lower-case hex, as public lists of this fingerprint give it.</summary>
    public string Hash() => Convert.ToHexStringLower(MD5.HashData(Encoding.ASCII.GetBytes(Text)));

    private static string PseudoOrder(string[] names)
    {
        StringBuilder order = new();
        foreach (string name in names)
        {
            if (!name.StartsWith(':'))
            {
                continue;
            }

            char letter = name switch { ":method" => 'm', ":authority" => 'a', ":scheme" => 's', ":path" => 'p', _ => '?' };
            _ = (order.Length > 0 ? order.Append(',') : order).Append(letter);
        }

        return order.ToString();
    }

    private string Write()
    {
        StringBuilder text = new();
        for (int i = 0; i < Settings.Count; i++)
        {
            _ = (i > 0 ? text.Append(';') : text).Append(Settings[i].Id).Append(':').Append(Settings[i].Value);
        }

        _ = WindowUpdate is { } increment ? text.Append('|').Append(increment).Append('|') : text.Append("|00|");
        for (int i = 0; i < Priorities.Count; i++)
        {
            Http2Priority each = Priorities[i];
            _ = (i > 0 ? text.Append(',') : text)
                .Append(each.StreamId).Append(':').Append(each.Exclusive ? '1' : '0')
                .Append(':').Append(each.DependsOn).Append(':').Append(each.Weight);
        }

        _ = Priorities.Count == 0 ? text.Append('0') : text;
        return text.Append('|').Append(PseudoHeaderOrder).ToString();
    }
}
