using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Security.Cryptography;
using Whorl.Fingerprints.Jarm;
using Whorl.Kernel;
using Whorl.Sources.Sites.Fetching.Wire;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites.Fetching.Tls;

/// <summary>
/// JARM of a server: ten hellos, each on a connection of its own. What was said is remembered for a while, for the other addresses of the same site;
/// each host is asked for itself, because the hellos name it and servers of many sites answer by the name.
/// Any number of threads.
/// </summary>
internal sealed class JarmAsker(Dialer dialer, TimeProvider clock)
{
    // Connections at once to one server: ten in a row take ten times as long, ten at once look like an attack.
    private const int AtOnce = 3;

    // Long enough for a batch of addresses of one site, short enough that a change is seen at the next visit.
    private static readonly TimeSpan Age = TimeSpan.FromMinutes(10);

    // Servers that are remembered; beyond it the table begins anew.
    private const int MaxKnown = 20_000;

    private readonly ConcurrentDictionary<(PeerAddress Address, int Port, string Host), (string Jarm, long Until)> _known = new();

    /// <summary>The hash; a fault where a hello was not answered in time, because the method then has no value at all.</summary>
    public async Task<string> AskAsync(PeerAddress address, int port, string host, CancellationToken cancel)
    {
        if (_known.TryGetValue((address, port, host), out (string Jarm, long Until) known) && clock.GetTimestamp() < known.Until)
        {
            return known.Jarm;
        }

        string[] answers = new string[JarmProbes.Count];
        answers[0] = await HelloAsync(address, port, host, 0, cancel);
        for (int next = 1; next < answers.Length; next += AtOnce)
        {
            await Task.WhenAll(Enumerable.Range(next, Math.Min(AtOnce, answers.Length - next)).Select(async number => answers[number] = await HelloAsync(address, port, host, number, cancel)));
        }

        string hash = JarmHash.Compute(answers);
        if (_known.Count >= MaxKnown)
        {
            _known.Clear();
        }

        _known[(address, port, host)] = (hash, clock.GetTimestamp() + (long)(Age.TotalSeconds * clock.TimestampFrequency));
        return hash;
    }

    private async Task<string> HelloAsync(PeerAddress address, int port, string host, int number, CancellationToken cancel)
    {
        try
        {
            using Socket socket = await dialer.ConnectAsync(address, port, Timeout.InfiniteTimeSpan, cancel);
            byte[] buffer = new byte[Math.Max(JarmProbes.MaxLength, JarmAnswer.MaxLength)];
            int length = JarmProbes.Write(number, host, RandomNumberGenerator.Fill, buffer);
            await socket.SendAsync(buffer.AsMemory(0, length), cancel);
            int read = 0;
            while (!JarmAnswer.IsEnough(buffer.AsSpan(0, read)))
            {
                int count = await socket.ReceiveAsync(buffer.AsMemory(read, JarmAnswer.MaxLength - read), cancel);
                if (count == 0)
                {
                    break;
                }

                read += count;
            }

            return JarmAnswer.Text(buffer.AsSpan(0, read));
        }
        catch (Exception fault) when (FetchException.Of(fault) is { Reason: ScanReasons.Refused or ScanReasons.Reset or ScanReasons.NoRoute })
        {
            // Servers refuse a hello in ways of their own; that is an answer.
            return JarmAnswer.None;
        }
    }
}
