using Whorl.Kernel;
using Whorl.Sources.Edge.Recording;
using Whorl.Tests.Support;

namespace Whorl.Tests.Edge.Recording;

public sealed class MalformedRequestsTests
{
    private readonly ManualClock _clock = new();
    private readonly MalformedRequests _requests;

    public MalformedRequestsTests() => _requests = new(_clock);

    [Fact]
    public void A_flood_from_one_address_is_one_record_a_second_with_the_count_of_the_rest()
    {
        for (int second = 0; second < 3; second++)
        {
            ObservationId first = Send(1);
            for (int i = 0; i < 100_000; i++)
            {
                _requests.TryCount(new(1), out ObservationId reference).ShouldBeTrue();
                reference.ShouldBe(first);
            }

            _requests.TakeDue().ShouldBeEmpty();
            _clock.Advance(TimeSpan.FromSeconds(1));
            RequestRecord told = _requests.TakeDue().ShouldHaveSingleItem();
            (told.Id, told.Repeats).ShouldBe((first, 100_000));
            _requests.TakeDue().ShouldBeEmpty();
        }
    }

    [Fact]
    public void Every_address_is_told_for_itself_until_there_is_no_more_room()
    {
        for (int i = 0; i < MalformedRequests.MaxAddresses; i++)
        {
            Send(i);
        }

        RequestRecord late = new() { Id = ObservationId.New(_clock), Client = new(UInt128.MaxValue) };
        _requests.TryAdd(late, out ObservationId told).ShouldBeFalse();
        told.ShouldBe(late.Id);
        _requests.TryCount(new(7), out _).ShouldBeTrue();

        _requests.TakeAll().Count.ShouldBe(MalformedRequests.MaxAddresses);
        Send(7);
        _requests.TakeAll().ShouldHaveSingleItem().Repeats.ShouldBe(0);
    }

    private ObservationId Send(int address)
    {
        RequestRecord record = new() { Id = ObservationId.New(_clock), Client = new((UInt128)address) };
        _requests.TryAdd(record, out ObservationId told).ShouldBeTrue();
        told.ShouldBe(record.Id);
        return told;
    }
}
