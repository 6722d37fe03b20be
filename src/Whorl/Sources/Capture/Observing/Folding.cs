using System.Buffers.Binary;
using System.Security.Cryptography;
using Whorl.Kernel;
using Whorl.Kernel.Writing;

namespace Whorl.Sources.Capture.Observing;

/// <summary>
/// Hides repetition, not volume: what one source shows one destination again within a window is counted, and told with its count when the window
/// closes, when its place is needed, or at the end. Every address and port is a destination of its own, so that movement stays visible.
/// The first sighting passes at once. Used by one thread.
/// </summary>
internal sealed class Folding : IObservationOutput
{
    private const int None = -1;

    private readonly IObservationOutput _next;

    private readonly long _window;

    private readonly long _maxBytes;

    private readonly Dictionary<Key, int> _places;

    private readonly Entry[] _entries;

    // Two lists through the entries: by beginning of the window, and by last use.
    private int _oldest = None, _youngest = None, _leastUsed = None, _lastUsed = None;

    private int _count;

    private int _free = None;

    private long _bytes;

    private readonly TimeText _times = new();

    private Utf8JsonBuffer _json = new(4096);

    public Folding(IObservationOutput next, TimeSpan window, int entries, long maxBytes)
    {
        _next = next;
        _window = (long)window.TotalNanoseconds;
        _maxBytes = maxBytes;
        _entries = new Entry[entries];
        _places = new(entries);
    }

    /// <summary>Sightings that were counted instead of told.</summary>
    public long Folded { get; private set; }

    /// <summary>Windows that were closed before their time because their place was needed.</summary>
    public long Evicted { get; private set; }

    public void Write(in Observed observed)
    {
        if (observed.Fingerprint.IsEmpty)
        {
            _next.Write(observed);
            return;
        }

        Tick(observed.At.Time);
        Key key = KeyOf(observed);
        if (_places.TryGetValue(key, out int place))
        {
            Repeat(place, observed);
            return;
        }

        Add(key, observed);
        _next.Write(observed);
    }

    public void Tick(long time)
    {
        while (_oldest != None && time - _entries[_oldest].First >= _window)
        {
            Close(_oldest);
        }

        _next.Tick(time);
    }

    public void Finish()
    {
        while (_oldest != None)
        {
            Close(_oldest);
        }

        _next.Finish();
    }

    private void Add(in Key key, in Observed observed)
    {
        if (_count == _entries.Length)
        {
            Evicted++;
            Close(_leastUsed);
        }

        int place = _free == None ? _count : _free;
        _free = _free == None ? None : _entries[place].Younger;
        _count++;
        _entries[place] = new() { Key = key, First = observed.At.Time, Last = observed.At.Time, Older = _youngest, Younger = None };
        if (_youngest != None)
        {
            _entries[_youngest].Younger = place;
        }

        _youngest = place;
        _oldest = _oldest == None ? place : _oldest;
        Use(place);
        _places.Add(key, place);
    }

    private void Repeat(int place, in Observed observed)
    {
        ref Entry entry = ref _entries[place];
        Folded++;
        entry.Count++;
        entry.Last = Math.Max(entry.Last, observed.At.Time);
        if (entry.Attributes is null)
        {
            entry.Kind = observed.Kind;
            entry.At = observed.At;
            entry.Attributes = observed.Attributes.ToArray();
            _bytes += entry.Attributes.Length;
        }

        Leave(place);
        Use(place);
        while (_bytes > _maxBytes && _leastUsed != place)
        {
            Evicted++;
            Close(_leastUsed);
        }
    }

    private void Close(int place)
    {
        ref Entry entry = ref _entries[place];
        if (entry.Count > 0)
        {
            Tell(entry);
        }

        Leave(place);
        (entry.Older == None ? ref _oldest : ref _entries[entry.Older].Younger) = entry.Younger;
        (entry.Younger == None ? ref _youngest : ref _entries[entry.Younger].Older) = entry.Older;
        _places.Remove(entry.Key);
        _bytes -= entry.Attributes?.Length ?? 0;
        entry = new() { Younger = _free };
        _free = place;
        _count--;
    }

    private void Tell(in Entry entry)
    {
        _json.Clear();
        _json.Raw(entry.Attributes);
        _json.Number("count"u8, entry.Count);
        _json.Raw(",\"first\":\""u8);
        _times.Write(ref _json, Observed.TicksOf(entry.First));
        _json.Raw("\",\"last\":\""u8);
        _times.Write(ref _json, Observed.TicksOf(entry.Last));
        _json.Raw("\""u8);
        Span<byte> address = stackalloc byte[PeerAddress.MaxTextLength];
        address = address[..new PeerAddress(entry.At.Source).Write(address)];
        _next.Write(new(entry.Kind, entry.At with { Time = entry.Last }, address, _json.Written, default));
    }

    private void Use(int place)
    {
        ref Entry entry = ref _entries[place];
        entry.LessUsed = _lastUsed;
        entry.MoreUsed = None;
        (_lastUsed == None ? ref _leastUsed : ref _entries[_lastUsed].MoreUsed) = place;
        _lastUsed = place;
    }

    private void Leave(int place)
    {
        ref Entry entry = ref _entries[place];
        (entry.LessUsed == None ? ref _leastUsed : ref _entries[entry.LessUsed].MoreUsed) = entry.MoreUsed;
        (entry.MoreUsed == None ? ref _lastUsed : ref _entries[entry.MoreUsed].LessUsed) = entry.LessUsed;
    }

    // A hash that nobody can make collide: two different fingerprints taken for one would hide one of them.
    private static Key KeyOf(in Observed observed)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(observed.Fingerprint, hash);
        return new(observed.At.Source, observed.At.Destination, observed.At.DestinationPort, observed.Kind, BinaryPrimitives.ReadUInt128LittleEndian(hash));
    }

    private readonly record struct Key(UInt128 Source, UInt128 Destination, ushort Port, CaptureKind Kind, UInt128 Fingerprint);

    private struct Entry
    {
        public Key Key;
        public CaptureKind Kind;
        public Flows.Sighting At;
        public byte[]? Attributes;
        public long First, Last, Count;
        public int Older, Younger, LessUsed, MoreUsed;
    }
}
