using System.Text.Json;

namespace Whorl.Analysis.Decisions.Lists;

/// <summary>Reads a JSON array element by element, so that what stands before a fault is not lost; holds one element in memory.</summary>
internal sealed class JsonArrayReader(Stream input)
{
    /// <summary>A CrowdSec alert with hundreds of decisions fits; a longer element is no list entry.</summary>
    public const int MaxElementLength = 1024 * 1024;

    private byte[] _buffer = new byte[64 * 1024];
    private int _length;
    private bool _final;
    private bool _started;
    private JsonReaderState _state;

    private enum Step
    {
        Element,
        NeedMore,
        End,
        Broken,
    }

    /// <summary>The next element, or a fault behind which nothing can be read; neither at the end.</summary>
    public async ValueTask<(JsonElement? Element, string? Fault)> NextAsync(CancellationToken cancel)
    {
        while (true)
        {
            switch (TryNext(out JsonElement element, out string fault))
            {
                case Step.Element: return (element, null);
                case Step.End: return (null, null);
                case Step.Broken: return (null, fault);
            }

            if (_length == _buffer.Length)
            {
                if (_length >= MaxElementLength)
                {
                    return (null, $"the element is longer than {MaxElementLength} bytes; nothing behind it was read");
                }

                Array.Resize(ref _buffer, _buffer.Length * 2);
            }

            int read = await input.ReadAsync(_buffer.AsMemory(_length), cancel);
            _length += read;
            _final = read == 0;
        }
    }

    private Step TryNext(out JsonElement element, out string fault)
    {
        element = default;
        fault = "the list ends in the middle";
        ReadOnlySpan<byte> bytes = _buffer.AsSpan(0, _length);
        int mark = !_started && bytes.StartsWith("\uFEFF"u8) ? 3 : 0;
        try
        {
            Utf8JsonReader reader = new(bytes[mark..], _final, _state);
            if (!_started)
            {
                if (!reader.Read())
                {
                    return _final ? Step.Broken : Step.NeedMore;
                }

                if (reader.TokenType != JsonTokenType.StartArray)
                {
                    fault = "the list is no JSON array";
                    return Step.Broken;
                }

                Consume(mark + (int)reader.BytesConsumed, reader.CurrentState);
                _started = true;
                return TryNext(out element, out fault);
            }

            if (!reader.Read())
            {
                return _final ? Step.Broken : Step.NeedMore;
            }

            if (reader.TokenType == JsonTokenType.EndArray)
            {
                return Step.End;
            }

            if (!JsonDocument.TryParseValue(ref reader, out JsonDocument? document))
            {
                return _final ? Step.Broken : Step.NeedMore;
            }

            using (document)
            {
                element = document.RootElement.Clone();
            }

            Consume((int)reader.BytesConsumed, reader.CurrentState);
            return Step.Element;
        }
        catch (JsonException broken)
        {
            fault = $"the JSON is broken at line {broken.LineNumber + 1}; nothing behind it was read";
            return Step.Broken;
        }
    }

    private void Consume(int count, JsonReaderState state)
    {
        _buffer.AsSpan(count, _length - count).CopyTo(_buffer);
        _length -= count;
        _state = state;
    }
}
