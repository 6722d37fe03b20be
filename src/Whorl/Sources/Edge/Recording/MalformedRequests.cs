using Whorl.Kernel;

namespace Whorl.Sources.Edge.Recording;

/// <summary>
/// Malformed requests of the last second in bounded room: the first of an address stands for all of them and counts the rest, so that whoever sends
/// nothing else fills neither memory nor the journal. Safe for many threads.
/// </summary>
internal sealed class MalformedRequests(TimeProvider clock)
{
    // Told a second at most; a person reads no more. What comes from further addresses is dropped and counted.
    public const int MaxAddresses = 256;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();

    private readonly Dictionary<PeerAddress, RequestRecord> _told = new(MaxAddresses);

    private long _begun;

    /// <summary>Counts one more request of an address that is here already.</summary>
    public bool TryCount(PeerAddress client, out ObservationId first)
    {
        lock (_gate)
        {
            first = default;
            if (!_told.TryGetValue(client, out RequestRecord? record))
            {
                return false;
            }

            first = record.Id;
            record.Repeats++;
            return true;
        }
    }

    /// <summary>Adds a request, or counts it where another of its address came before. False where there is no room.</summary>
    /// <param name="told">The reference for its answer.</param>
    public bool TryAdd(RequestRecord record, out ObservationId told)
    {
        lock (_gate)
        {
            if (TryCount(record.Client, out told))
            {
                return true;
            }

            told = record.Id;
            if (_told.Count == 0)
            {
                _begun = clock.GetTimestamp();
            }

            return _told.Count < MaxAddresses && _told.TryAdd(record.Client, record);
        }
    }

    /// <summary>What is to be told now: nothing before a second has passed since the first.</summary>
    public IReadOnlyList<RequestRecord> TakeDue()
    {
        lock (_gate)
        {
            return _told.Count == 0 || clock.GetElapsedTime(_begun) < Window ? [] : TakeAll();
        }
    }

    public IReadOnlyList<RequestRecord> TakeAll()
    {
        lock (_gate)
        {
            RequestRecord[] all = [.. _told.Values];
            _told.Clear();
            return all;
        }
    }
}
